import { of, redundant } from '../mutation.ts'

/** What ends at once: changes that are announced before they are committed, and what the caller's object remembers. */
export const DOUBTS = [
  ...of(
    'users/service.ts',
    ['rate-limiting/revocation', 'auth/password'],
    [
      ["  await ctx.credentials.changing({ kind: 'person', id }, set)", '  await set()'],
      ["const updated = await ctx.credentials.changing({ kind: 'person', id }, set)", 'const updated = await set()'],
      ["ctx.credentials.changing({ kind: 'person', id }, update)", 'update()'],
    ],
  ),
  ...of(
    'api-keys/service.ts',
    ['api-keys/manage'],
    [
      ["ctx.credentials.changing({ kind: 'key', id }, revoke)", 'revoke()'],
      ["ctx.credentials.changing({ kind: 'key', id }, rotate)", 'rotate()'],
    ],
  ),
  ...of('auth/service.ts', ['auth/logout'], [["ctx.credentials.changing({ kind: 'person', id }, commit)", 'commit()']]),
  ...of(
    'rate-limiting/caller-store.ts',
    ['rate-limiting/doubt'],
    [
      ['this.load().doubts.set(changeId, until)', 'this.load()'],
      [
        "this.storage.sql.exec('INSERT OR REPLACE INTO doubts (change_id, until) VALUES (?, ?)', changeId, until)",
        'this.load()',
      ],
      ['this.load().doubts.delete(changeId)', 'this.load()'],
      ["this.storage.sql.exec('DELETE FROM doubts WHERE change_id = ?', changeId)", 'this.load()'],
      ['.some((until) => until > now)', '.some((until) => until > 0)'],
      ['    for (const [changeId, until] of doubts) if (until < at) this.removeDoubt(changeId)\n', ''],
      ['doubts: new Map(doubts.map(({ change_id, until }) => [change_id, until])),', 'doubts: new Map(),'],
      ["sql.exec('UPDATE caller SET facts = ?, facts_at = ?', JSON.stringify(facts), at)", 'JSON.stringify(facts)'],
    ],
  ),
  ...of(
    'rate-limiting/caller-store.ts',
    ['auth/logout'],
    [
      ['      revoked.add(id)\n', ''],
      [
        "      sql.exec('INSERT OR IGNORE INTO revoked (token_id, expires_at) VALUES (?, ?)', id, expiresAt)\n",
        '      if (expiresAt === 0) return\n',
      ],
      ['revoked: new Set(revoked.map(({ token_id }) => token_id)),', 'revoked: new Set(),'],
      ['DELETE FROM revoked WHERE expires_at < ? RETURNING', 'DELETE FROM revoked WHERE expires_at < ? * 0 RETURNING'],
      ['of expired) revoked.delete(token_id)', 'of expired) revoked.has(token_id)'],
    ],
  ),
  ...of(
    'rate-limiting/caller-store.ts',
    ['rate-limiting/facts', 'rate-limiting/limits'],
    [
      ["this.storage.sql.exec('UPDATE caller SET minute = ?, count = ?, wrote_at = ?', minute, count, wroteAt)", ''],
      ['    await this.storage.deleteAll()\n    this.memory = null\n', '    await this.storage.deleteAll()\n'],
      ['if (this.forgotten) void this.storage.setAlarm(Date.now() + DAY)', ''],
    ],
  ),
  ...of(
    'rate-limiting/caller-store.ts',
    ['api-keys/member'],
    [
      ['this.load().state.use_noted_at = time', 'this.load()'],
      ["this.storage.sql.exec('UPDATE caller SET use_noted_at = ?', time)", 'this.load()'],
    ],
  ),
  ...of(
    'rate-limiting/rate-limiter.ts',
    ['rate-limiting/facts'],
    [["claim.kind === 'token' && isNewer(claim, known) ? await this.newerFacts(claim, known) : known", 'known']],
  ),
  ...of('auth/facts.ts', ['auth/logout'], [['since - CLOCK_MARGIN,', 'since,']]),
  ...of(
    'users/change.queries.ts',
    ['auth/password'],
    [["AND kind = 'person' AND status = 'active'`)", "AND kind = 'person'`)"]],
  ),
  ...redundant(
    'API keys come neither to the route nor to the branch that asks for a password',
    of(
      'users/change.queries.ts',
      ['auth/password', 'api-keys/member', 'users/update'],
      [["AND kind = 'person' AND status = 'active'`)", "AND status = 'active'`)"]],
    ),
  ),
]

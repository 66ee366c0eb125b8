// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import { of, redundant } from '../mutation.ts'

/** What is known of members: who is one, who still is, and what ends their credentials. */
export const MEMBERS = [
  ...of(
    'auth/facts.ts',
    ['auth/tokens', 'rate-limiting/revocation'],
    [
      ["active: row.status === 'active',", 'active: true,'],
      ['const revokedTokens = revoked.map(', 'const revokedTokens = revoked.slice(9).map('],
    ],
  ),
  ...of(
    'api-keys/service.ts',
    ['api-keys/manage'],
    [
      ['active: row.revoked_at === null,', 'active: true,'],
      [
        'secrets: [{ hash: row.hash, until: end }, ...previous],',
        'secrets: [{ hash: row.hash, until: null }, ...previous],',
      ],
      ['until: earlier(row.previous_until, end)', 'until: end'],
      ['until: earlier(row.previous_until, end)', 'until: row.previous_until'],
      ['if (isOver && !(await wasDone(ctx)))', 'if (isOver && !ctx)'],
      ['if (!rotated) throw keyEnded()', ''],
    ],
  ),
  ...of(
    'api-keys/queries.ts',
    ['api-keys/manage'],
    [
      [
        'WHERE account_id = ${accountId} AND id = ${id} AND ${live(now)}`)',
        'WHERE account_id = ${accountId} AND id = ${id}`)',
      ],
      ['const keepsOld = secret.previousUntil === null ? sql`NULL` : sql`hash`', 'const keepsOld = sql`hash`'],
    ],
  ),
  ...of(
    'api-keys/queries.ts',
    ['api-keys/secrets'],
    [['AND (k.hash = ${hash} OR k.previous_hash = ${hash})', 'AND ${hash} IS NOT NULL']],
  ),
  ...of(
    'auth/queries.ts',
    ['auth/login'],
    [["AND status = 'active' AND credential_generation = ${generation}", 'AND credential_generation = ${generation}']],
  ),
  ...of(
    'auth/queries.ts',
    ['auth/login'],
    [["AND status = 'active' AND credential_generation = ${generation}", "AND status = 'active'"]],
  ),
  ...of(
    'auth/queries.ts',
    ['api-keys/member'],
    [["AND u.id = ${userId} AND u.kind = 'person'`", 'AND u.id = ${userId}`']],
  ),
  ...of(
    'users/change.queries.ts',
    ['rate-limiting/revocation', 'users/deactivate', 'users/update'],
    [
      [
        'const otherEmail = emailKey === undefined ? sql`0` : sql`email_key IS NOT ${emailKey}`',
        'const otherEmail = sql`0`',
      ],
      ["const deactivates = status === 'inactive' ? sql`status = 'active'` : sql`0`", 'const deactivates = sql`0`'],
    ],
  ),
  ...of(
    'users/change.queries.ts',
    ['auth/password', 'users/set-password'],
    [['credential_generation = credential_generation + 1,', 'credential_generation = credential_generation,']],
  ),
  ...of(
    'users/change.queries.ts',
    ['api-keys/member'],
    [
      [
        "WHERE account_id = ${accountId} AND id = ${id} AND kind = 'person'`),",
        'WHERE account_id = ${accountId} AND id = ${id}`),',
      ],
    ],
  ),
  ...of('users/list.queries.ts', ['api-keys/member', 'users/list'], [["sql`u.kind = 'person'`]", 'sql`1`]']]),
  ...of(
    'users/service.ts',
    ['users/get'],
    [['if (!readsUsers(caller.role) && id !== caller.id) throw notFound()', '']],
  ),
  ...of(
    'users/service.ts',
    ['rate-limiting/revocation', 'auth/password'],
    [["const spared = isSelf && status !== 'inactive' ?", 'const spared = isSelf ?']],
  ),
  ...of(
    'auth/tokens.ts',
    ['auth/tokens'],
    [['return Claims.safeParse(payload).data ?? null', 'return payload as TokenClaims']],
  ),
  ...of(
    'rate-limiting/vouching.ts',
    ['rate-limiting/vouching'],
    [['  if (facts.accountId !== claim.accountId) return false\n', '']],
  ),
  ...of(
    'rate-limiting/vouching.ts',
    ['rate-limiting/limits'],
    [['`member:${member.accountId}/${member.memberId}`', '`member:${member.memberId}`']],
  ),
  ...of(
    'auth/login-throttle.ts',
    ['auth/throttle-addresses'],
    [
      ['const since = Date.now() - ADDRESS_IS_KNOWN_FOR', 'const since = 0'],
      [
        '? `login:${user}:${address}` : `login:${email}`',
        '? `login:${user}:${address}:${Math.random()}` : `login:${email}`',
      ],
    ],
  ),
  ...of(
    'auth/login-throttle.ts',
    ['auth/throttle'],
    [['export const LOGIN_FAILURES = { limit: 10,', 'export const LOGIN_FAILURES = { limit: 11,']],
  ),
  ...of(
    'auth/throttle.ts',
    ['auth/throttle-addresses'],
    [['const ADDRESS_FAILURES = { limit: 100,', 'const ADDRESS_FAILURES = { limit: 101,']],
  ),
  ...of(
    'auth/throttle.ts',
    ['auth/register'],
    [['const REGISTRATIONS = { limit: 5,', 'const REGISTRATIONS = { limit: 6,']],
  ),
  ...of(
    'auth/throttle.ts',
    ['api-keys/secrets'],
    [['const KEY_LOOKUPS = { limit: 10,', 'const KEY_LOOKUPS = { limit: 11,']],
  ),
  ...of('accounts/service.ts', ['accounts/create'], [['  await ctx.throttle.registration()\n', '']]),
  ...of('auth/service.ts', ['auth/register'], [['  await ctx.throttle.registration()\n', '']]),
  ...of(
    'users/service.ts',
    ['api-keys/member'],
    [["if (ctx.caller.kind === 'person' && id === ctx.caller.id) return", 'if (id === ctx.caller.id) return']],
  ),
  ...redundant(
    'whoever is changed is looked up before, among people',
    of(
      'users/change.queries.ts',
      ['api-keys/member', 'users/set-password'],
      [
        ["AND kind = 'person'${unchanged}", '${unchanged}'],
        ["AND id = ${userId} AND kind = 'person')`)", 'AND id = ${userId})`)'],
      ],
    ),
  ),
]

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import { atOnce, of, redundant } from '../mutation.ts'

/** Whatever the token says it is signed with. */
const ALGORITHM_OF_TOKEN =
  "      alg: JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())?.alg ?? ALGORITHM,\n"

/** Tokens, API keys, passwords, and the limits on guessing them. */
export const CREDENTIALS = [
  ...of(
    'auth/tokens.ts',
    ['auth/tokens'],
    [
      ['  if (!isMatch(token, CANONICAL, MAX_TOKEN)) return null\n', ''],
      [
        '      iss: ISSUER,\n      aud: AUDIENCE,\n    }).catch(() => null)\n    if (payload) return Claims.safeParse',
        '      aud: AUDIENCE,\n    }).catch(() => null)\n    if (payload) return Claims.extend({ iss: z.any() }).safeParse',
      ],
      [
        '      aud: AUDIENCE,\n    }).catch(() => null)\n    if (payload) return Claims.safeParse',
        '    }).catch(() => null)\n    if (payload) return Claims.extend({ aud: z.any() }).safeParse',
      ],
      [
        "    const payload = await verify(token, key.toString('base64url'), {\n      alg: ALGORITHM,\n      // `Claims` asks, and allows for clocks that differ.\n      iat: false,\n      iss: ISSUER,\n      aud: AUDIENCE,\n    }).catch(() => null)",
        "    const payload = JSON.parse(key.length && Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())",
      ],
      ['      aud: AUDIENCE,\n    }).catch', '      aud: AUDIENCE,\n      exp: false,\n    }).catch'],
      ['  aud: z.literal(AUDIENCE),\n', '  aud: z.any(),\n'],
      ['    .refine((iat) => iat <= Date.now() / 1000 + CLOCK_SKEW_SECONDS),\n', ',\n'],
      [' + CLOCK_SKEW_SECONDS),', '),'],
      ['  exp: z.number().int(),', '  exp: z.number().int().optional().default(0),'],
      ['  gen: z.number().int().nonnegative(),', '  gen: z.number().int().nonnegative().default(1),'],
      ['  jti: z.string().min(1).max(64),', "  jti: z.string().max(64).default('any'),"],
    ],
  ),
  ...redundant(
    'only a signature of the length of HS256 is read at all',
    of('auth/tokens.ts', ['auth/tokens'], [['      alg: ALGORITHM,\n', ALGORITHM_OF_TOKEN]]),
  ),
  ...atOnce(
    'auth/tokens.ts',
    ['auth/tokens'],
    ['      alg: ALGORITHM,\n', ALGORITHM_OF_TOKEN],
    ['  if (!isMatch(token, CANONICAL, MAX_TOKEN)) return null\n', ''],
  ),
  ...redundant(
    'the library and the schema of the claims each ask for issuer and audience',
    of(
      'auth/tokens.ts',
      ['auth/tokens'],
      [
        ['      iss: ISSUER,\n      aud: AUDIENCE,\n    }).catch', '      aud: AUDIENCE,\n    }).catch'],
        ['      aud: AUDIENCE,\n    }).catch', '    }).catch'],
        ['  iss: z.literal(ISSUER),\n', '  iss: z.any(),\n'],
      ],
    ),
  ),
  ...of(
    'auth/credentials.ts',
    ['api-keys/member'],
    [['if (bearer && header && bearer !== header)', 'if (bearer === null)']],
  ),
  ...of(
    'auth/credentials.ts',
    ['api-keys/secrets'],
    [["if (!key || key.mac === 'bad') return null", 'if (!key) return null']],
  ),
  ...of(
    'auth/credentials.ts',
    ['api-keys/secrets', 'auth/throttle-addresses'],
    [["if (key.mac === 'unknown' && !(await isFromOldSecret(key.id, hash, env, throttle))) return null\n", '']],
  ),
  ...of(
    'api-keys/key-format.ts',
    ['api-keys/secrets'],
    [
      ['|| crc !== crcOf(text.slice(0, -8))) return null', ') return null'],
      ['const good = named.some((secret) => sameText(mac, macOf(ulid, secret)))', 'const good = named.length > 0'],
    ],
  ),
  ...of(
    'rate-limiting/vouching.ts',
    ['api-keys/manage', 'rate-limiting/revocation'],
    [
      ['if (!facts?.active) return false', 'if (!facts) return false'],
      ['(until === null || until > now) && sameText(hash, claim.hash)', 'sameText(hash, claim.hash)'],
      [
        '(until === null || until > now) && sameText(hash, claim.hash)',
        '(until === null || until > now) && hash.length === claim.hash.length',
      ],
    ],
  ),
  ...of(
    'rate-limiting/vouching.ts',
    ['rate-limiting/revocation', 'auth/password'],
    [
      ['return facts.generation === claim.generation ||', 'return facts.generation > 0 ||'],
      ['(facts.sparedToken !== null && facts.sparedToken === claim.tokenId)', '(facts.sparedToken !== null)'],
    ],
  ),
  ...of(
    'rate-limiting/rate-limiter.ts',
    ['auth/logout'],
    [["    if (claim.kind === 'token' && this.store.isRevoked(claim.tokenId)) return { vouched: false }\n", '']],
  ),
  ...of(
    'rate-limiting/rate-limiter.ts',
    ['rate-limiting/doubt'],
    [
      ['if (this.store.isDoubted(now)) return this.readFacts(claim)', ''],
      ['if (mine < this.newestRead) return facts', ''],
      ['if (age >= STALE_AFTER) return this.refreshing', ''],
    ],
  ),
  ...of(
    'rate-limiting/rate-limiter.ts',
    ['rate-limiting/facts'],
    [['const age = now < facts_at ? STALE_AFTER : now - facts_at', 'const age = now < facts_at ? STALE_AFTER : 0']],
  ),
  ...of(
    'rate-limiting/service.ts',
    ['rate-limiting/doubt'],
    [
      ['await reach(() => object().doubt(changeId))', 'await Promise.resolve()'],
      ['await reach(() => object().doubt(changeId))', 'await object().doubt(changeId).catch(() => undefined)'],
    ],
  ),
  ...of(
    'auth/service.ts',
    ['auth/login'],
    [
      ["found.length === 1 && found[0]?.status === 'active'", "found[0]?.status === 'active'"],
      ['if (!user || !matches) throw invalidCredentials()', 'if (!user) throw invalidCredentials()'],
      ['if (!noted) throw invalidCredentials()', ''],
    ],
  ),
  ...redundant(
    'a login is noted before it is answered, if the member is active',
    of(
      'auth/service.ts',
      ['auth/login'],
      [["found.length === 1 && found[0]?.status === 'active'", 'found.length === 1']],
    ),
  ),
  ...of(
    'users/service.ts',
    ['auth/password'],
    [
      [
        'if (!(await verifyPassword(password, row.password_hash))) throw invalidCredentials()',
        'await Promise.resolve()',
      ],
      ['if (updated.length === 0) throw invalidCredentials()', ''],
      [
        'updatePassword(accountId, id, hash, token?.id ?? null, generation)',
        'updatePassword(accountId, id, hash, token?.id ?? null)',
      ],
    ],
  ),
  ...of(
    'lib/passwords.ts',
    ['auth/passwords'],
    [['return key.length === wanted.length && timingSafeEqual(key, wanted)', 'return key.length === wanted.length']],
  ),
  ...of(
    'auth/throttle.ts',
    ['auth/throttle'],
    [
      [
        'const byEmail = allowed(await reach(() => shard(email).beginLogin(attempt)), LOGINS_SAY)',
        "const byEmail = 'none'",
      ],
      ['if (isFailedLogin(error)) await', 'if (error === null) await'],
    ],
  ),
  ...of(
    'auth/throttle.ts',
    ['auth/throttle-addresses'],
    [
      [
        "const byAddress = await begin('address', ADDRESS_FAILURES)",
        "const byAddress = { bucket: 'none', id: 'none' }",
      ],
    ],
  ),
  ...of('auth/throttle.ts', ['auth/register'], [["await begin('register', REGISTRATIONS)", '']]),
  ...of(
    'auth/throttle.ts',
    ['api-keys/secrets'],
    [["const { bucket, id } = await begin('key', KEY_LOOKUPS)", "const [bucket, id] = ['none', 'none']"]],
  ),
  ...of(
    'auth/login-throttle.ts',
    ['auth/throttle'],
    [
      ['if (counter.count >= limit)\n', 'if (counter.count > limit)\n'],
      ['found && found.started + windowMs > now ? found', 'found ? found'],
    ],
  ),
  ...of(
    'auth/login-throttle.ts',
    ['auth/throttle-addresses'],
    [
      [
        'user !== null && this.knows(user, address) ? `login:${user}:${address}`',
        'user !== null ? `login:${user}:${address}`',
      ],
    ],
  ),
  ...of('accounts/service.ts', ['accounts/create'], [['if (!ctx.config.allowSignup) throw signupClosed()', '']]),
  ...of('auth/queries.ts', ['auth/register'], [[' AND allow_registration = 1`', '`']]),
]

import { of } from '../mutation.ts'

/** How much, how large, how often. */
export const LIMITS = [
  ...of(
    'http/body.ts',
    ['http/bodies'],
    [
      ["if (Number(c.req.header('Content-Length') ?? 0) > MAX_JSON_BYTES) throw payloadTooLarge(TOO_LARGE)", ''],
      ['if (size > MAX_JSON_BYTES) throw payloadTooLarge(TOO_LARGE)', ''],
      ['if (hasMoreParts(text, MAX_PARTS))', 'if (hasMoreParts(text, 1e9))'],
      ['{ fatal: true, ignoreBOM: true }', '{ fatal: false, ignoreBOM: true }'],
      [
        "  if (!/^application\\/json\\s*(;|$)/i.test(c.req.header('Content-Type') ?? ''))\n    throw unsupportedMediaType('application/json')\n",
        '',
      ],
    ],
  ),
  ...of(
    'lib/json-size.ts',
    ['http/bodies'],
    [['const PARTS = new Set([COMMA, COLON, BRACKET])', 'const PARTS = new Set([COMMA, COLON])']],
  ),
  ...of(
    'service-context.ts',
    ['idempotency/keys'],
    [["`/${c.req.path.split('/')", "`/${new URL(c.req.url).pathname.split('/')"]],
  ),
  ...of(
    'http/raw-body.ts',
    ['attachments/raw-refused'],
    [
      ["if (Number(length) > MAX_RAW_BYTES) throw payloadTooLarge('The body must be at most 95 MiB')", ''],
      ['if (!/^\\d{1,15}$/.test(length)) throw lengthRequired()', ''],
      ['if (!MEDIA_TYPE.test(type) || FORM.test(type))', 'if (FORM.test(type))'],
      ['if (!MEDIA_TYPE.test(type) || FORM.test(type))', 'if (!MEDIA_TYPE.test(type))'],
    ],
  ),
  ...of(
    'http/fields.ts',
    ['tickets/create-limits'],
    [
      ['else if (characters(value) > max)', 'else if (characters(value) > 1e9)'],
      ['else if (utf8Bytes(value) > max)', 'else if (utf8Bytes(value) > 1e9)'],
    ],
  ),
  ...of(
    'http/fields.ts',
    ['users/create', 'auth/password'],
    [
      ['if (length < min || length > 128)', 'if (length > 128)'],
      ['if (length < min || length > 128)', 'if (length < min)'],
      ['export const NewPassword = password(8)', 'export const NewPassword = password(7)'],
      ['const length = value.length > 1_000 ? value.length : characters(value)', 'const length = value.length'],
    ],
  ),
  ...of(
    'http/fields.ts',
    ['http/parameters'],
    [['else if (characters(value) > 200)', 'else if (characters(value) > 201)']],
  ),
  ...of(
    'http/validation.ts',
    ['http/bodies'],
    [
      ['problems.length > MAX_DETAILS ? problems.slice(0, MAX_DETAILS - 1) : problems', 'problems'],
      [
        'problems.length > MAX_DETAILS ? problems.slice(0, MAX_DETAILS - 1) : problems',
        'problems.slice(0, MAX_DETAILS - 1)',
      ],
    ],
  ),
  ...of(
    'attachments/put-stream.ts',
    ['attachments/raw-refused'],
    [
      ['      if (size > body.length) throw notAsLong(body.length)\n', ''],
      ['    if (size < body.length) throw notAsLong(body.length)\n', ''],
    ],
  ),
  ...of(
    'auth/login-throttle.ts',
    ['auth/throttle-objects'],
    [
      [
        'DELETE FROM known WHERE user = ? AND address NOT IN',
        'DELETE FROM known WHERE ? IS NOT NULL AND address NOT IN',
      ],
    ],
  ),
  ...of(
    'auth/login-throttle.ts',
    ['auth/throttle-addresses'],
    [
      ['const KNOWN_ADDRESSES = 20', 'const KNOWN_ADDRESSES = 19'],
      ['const KNOWN_ADDRESSES = 20', 'const KNOWN_ADDRESSES = 21'],
      ['WHERE user = ? ORDER BY at DESC LIMIT ?)', 'WHERE user = ? ORDER BY at LIMIT ?)'],
    ],
  ),
  ...of(
    'tickets/field-schemas.ts',
    ['tickets/create-limits'],
    [
      ['.max(MAX_TAGS)\n', ''],
      ['else if (Object.keys(value).length > limit)', 'else if (Object.keys(value).length > 1e9)'],
      ['return characters(value) <= MAX_CUSTOM_VALUE && isCleanText(value)', 'return isCleanText(value)'],
    ],
  ),
  ...of(
    'tickets/field-schemas.ts',
    ['tickets/create-limits', 'tickets/update'],
    [["if (!KEY.test(key) || key === '__proto__')", "if (key === '__proto__')"]],
  ),
  ...of(
    'attachments/schema.ts',
    ['attachments/filenames'],
    [
      ["if (name === '' || utf8Bytes(name) > MAX_FILENAME_BYTES)", "if (name === '')"],
      ["else if (/[/\\\\]/.test(name) || name === '.' || name === '..')", "else if (name === 'nothing')"],
      [' || DIRECTION_OVERRIDES.test(name))', ')'],
    ],
  ),
  ...of(
    'attachments/schema.ts',
    ['attachments/upload'],
    [
      ['.max(MAX_A_REQUEST)', ''],
      ['if (/\\s/.test(text)) return null', ''],
    ],
  ),
  ...of(
    'attachments/storage.ts',
    ['attachments/quota', 'attachments/raw-refused'],
    [
      ["  if (!verdict.has_place) throw refusalOf(new DbError({ kind: 'refused', rule: 'attachments' }))\n", ''],
      ["  if (!verdict.has_storage) throw refusalOf(new DbError({ kind: 'refused', rule: 'storage' }))\n", ''],
      ["  if (!verdict?.is_open) return 'closed'\n", "  if (!verdict) return 'closed'\n"],
    ],
  ),
  ...of(
    'http/pagination.ts',
    ['http/parameters'],
    [["wholeNumber(1, 100, 'must be between 1 and 100')", "wholeNumber(1, 100_000, 'must be between 1 and 100')"]],
  ),
  ...of('http/cursor.ts', ['http/cursor', 'http/parameters'], [['    .max(500)\n', '']]),
  ...of(
    'api-keys/queries.ts',
    ['api-keys/limits'],
    [
      ['const LIVE_KEYS = { standard: 20, premium: 100 }', 'const LIVE_KEYS = { standard: 21, premium: 100 }'],
      ['const LIVE_KEYS = { standard: 20, premium: 100 }', 'const LIVE_KEYS = { standard: 20, premium: 101 }'],
    ],
  ),
  ...of(
    'webhooks/queries.ts',
    ['webhooks/addresses'],
    [['const LIVE_WEBHOOKS = { standard: 10, premium: 50 }', 'const LIVE_WEBHOOKS = { standard: 11, premium: 51 }']],
  ),
  ...of(
    'webhooks/delivery-log.ts',
    ['webhooks/replay'],
    [['const EVENTS_A_REPLAY = 10_000', 'const EVENTS_A_REPLAY = 10_001']],
  ),
  ...of(
    'rate-limiting/window.ts',
    ['rate-limiting/window'],
    [
      ['const admitted = before < limit', 'const admitted = before <= limit'],
      ['const minute = Math.max(window.minute, Math.floor(now / MINUTE))', 'const minute = Math.floor(now / MINUTE)'],
    ],
  ),
  ...of(
    'rate-limiting/middleware.ts',
    ['rate-limiting/limits'],
    [
      ['  if (verdict.admitted) return\n', '  if (verdict.limit) return\n'],
      ["  keepRate(c, 'standard', verdict)\n  refuseOver(verdict)\n", "  keepRate(c, 'standard', verdict)\n"],
      ["  else keepRate(c, 'standard', await countedAddress(c))\n", ''],
    ],
  ),
  ...of(
    'rate-limiting/middleware.ts',
    ['rate-limiting/refusal-memory', 'rate-limiting/refusals'],
    [
      [' || refusalMemory.shouldWait(credential, Date.now())', ''],
      ['    refusalMemory.recordInvalid(credential, Date.now())\n', ''],
      ['  refusalMemory.recordValid(credential, admission.role, admission.verdict, Date.now())\n', ''],
    ],
  ),
  ...of(
    'rate-limiting/refusal-memory.ts',
    ['rate-limiting/refusal-memory'],
    [
      ['const CAPACITY = 10_000', 'const CAPACITY = 20_000'],
      ['const FEW_REMAINING = 10', 'const FEW_REMAINING = 9'],
      ['const FEW_REMAINING = 10', 'const FEW_REMAINING = 11'],
      ['const REMEMBERED_FOR = MINUTE', 'const REMEMBERED_FOR = 2 * MINUTE'],
      ['this.names.has(limiterName(claim), now) ||', ''],
      ['|| (token !== null && this.names.has(tokenName(token), now))', ''],
      ['if (token) this.names.add(', 'if (token === null) this.names.add('],
      ['if (token.role === role) this.names.delete(tokenName(token))', 'if (token.role === role) undefined'],
      ['else this.names.add(tokenName(token), now + REMEMBERED_FOR)\n', 'else this.names.delete(tokenName(token))\n'],
      ['Math.min(resetAt * SECOND, now + MINUTE)', 'resetAt * SECOND'],
    ],
  ),
  ...of(
    'lib/expiring-set.ts',
    ['lib/expiring-set'],
    [
      ['    this.entries.delete(text)\n    this.entries.set(text, until)\n', '    this.entries.set(text, until)\n'],
      ['this.entries.size > this.capacity && oldest', 'this.entries.size > 1e9 && oldest'],
      ['if (until === undefined || until > now)', 'if (until === undefined || until > 0)'],
    ],
  ),
  ...of(
    'http/reach.ts',
    ['auth/throttle-objects', 'rate-limiting/limits'],
    [['    throw unavailable(error)', '    return undefined as never']],
  ),
  ...of(
    'webhooks/attempt.ts',
    ['webhooks/answers'],
    [
      ["redirect: 'manual',", "redirect: 'follow',"],
      ['for (let bytes = 0; bytes < RESPONSE_BYTES; )', 'for (let bytes = 0; bytes < 1e9; )'],
      ['      signal: timeout,\n', ''],
    ],
  ),
]

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
        "  if (!isMatch(c.req.header('Content-Type') ?? '', /^application\\/json\\s*(;|$)/i, MAX_CONTENT_TYPE))\n    throw unsupportedMediaType('application/json')\n",
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
      ['if (!isMatch(length, /^\\d{1,15}$/, 15)) throw lengthRequired()', ''],
      ['if (!isMediaType(type) || FORM.test(type))', 'if (FORM.test(type))'],
      ['if (!isMediaType(type) || FORM.test(type))', 'if (!isMediaType(type))'],
    ],
  ),
  ...of(
    'http/fields.ts',
    ['tickets/create-limits'],
    [
      ['if (hasMoreCharacters(value, max))', 'if (hasMoreCharacters(value, 1e9))'],
      ['if (hasMoreBytes(value, max))', 'if (hasMoreBytes(value, 1e9))'],
    ],
  ),
  ...of(
    'lib/text.ts',
    ['http/long-bodies'],
    [['return text.length <= maxLength && pattern.test(text)', 'return maxLength > 0 && pattern.test(text)']],
  ),
  ...of(
    'lib/text.ts',
    ['http/long-parameters'],
    [
      [
        'return text.length <= maxLength ? pattern.exec(text) : null',
        'return maxLength > 0 ? pattern.exec(text) : null',
      ],
    ],
  ),
  ...of(
    'lib/text.ts',
    ['lib/text'],
    [
      ['return text.length > 2 * max || (text.length > max && characters(text) > max)', 'return text.length > max'],
      ['return !hasMoreCharacters(text, MAX_EMAIL) && EMAIL.test(text)', 'return EMAIL.test(text)'],
    ],
  ),
  ...of(
    'http/fields.ts',
    ['http/long-bodies'],
    [['lineRule(MAX_EMAIL)(value) ?? emailRule(value)', 'emailRule(value) ?? lineRule(MAX_EMAIL)(value)']],
  ),
  ...of(
    'http/byte-ranges.ts',
    ['attachments/ranges'],
    [["matchOf(header ?? '', SINGLE_RANGE, MAX_RANGE)", "SINGLE_RANGE.exec(header ?? '')"]],
  ),
  ...of(
    'http/raw-body.ts',
    ['http/long-parameters'],
    [['export const MAX_CONTENT_TYPE = 255', 'export const MAX_CONTENT_TYPE = 1e9']],
  ),
  ...of(
    'auth/credentials.ts',
    ['http/long-parameters'],
    [['const MAX_AUTHORIZATION = 2_100', 'const MAX_AUTHORIZATION = 1e9']],
  ),
  ...of(
    'http/fields.ts',
    ['users/create', 'auth/password'],
    [
      ['if (hasMoreCharacters(value, 128) || characters(value) < min)', 'if (hasMoreCharacters(value, 128))'],
      ['if (hasMoreCharacters(value, 128) || characters(value) < min)', 'if (characters(value) < min)'],
      ['export const NewPassword = password(8)', 'export const NewPassword = password(7)'],
      ['characters(value) < min)', 'value.length < min)'],
    ],
  ),
  ...of(
    'http/fields.ts',
    ['http/parameters'],
    [['if (hasMoreCharacters(value, 200))', 'if (hasMoreCharacters(value, 201))']],
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
      ['return !hasMoreCharacters(value, MAX_CUSTOM_VALUE) && isCleanText(value)', 'return isCleanText(value)'],
    ],
  ),
  ...of(
    'tickets/field-schemas.ts',
    ['tickets/create-limits', 'tickets/update'],
    [["if (!isMatch(key, KEY, MAX_KEY) || key === '__proto__')", "if (key === '__proto__')"]],
  ),
  ...of(
    'attachments/schema.ts',
    ['attachments/filenames'],
    [
      ["if (name === '' || hasMoreBytes(name, MAX_FILENAME_BYTES))", "if (name === '')"],
      ["else if (/[/\\\\]/.test(name) || name === '.' || name === '..')", "else if (name === 'nothing')"],
      [' || DIRECTION_OVERRIDES.test(name))', ')'],
    ],
  ),
  ...of(
    'attachments/schema.ts',
    ['attachments/upload'],
    [
      ['.max(MAX_A_REQUEST)', ''],
      [
        'return bytes.byteLength === (text.length / 4) * 3 - padding ? bytes : null',
        'return padding < 3 ? bytes : null',
      ],
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
    'http/reach.ts',
    ['auth/throttle-objects', 'rate-limiting/limits'],
    [['isTransient(error)) throw unavailable(error)', 'isTransient(error)) return undefined as never']],
  ),
  ...of(
    'http/reach.ts',
    ['faults/durable-objects'],
    [
      ['const MAX_RETRIES = 2', 'const MAX_RETRIES = 1'],
      ['const MAX_RETRIES = 2', 'const MAX_RETRIES = 3'],
      ["&& Reflect.get(error, 'overloaded') !== true", ''],
      ["return Reflect.get(error, 'retryable') === true &&", 'return'],
    ],
  ),
  ...of(
    'health/service.ts',
    ['faults/durable-objects'],
    [["reach(() => env.RATE_LIMITER.getByName('health').ping())", "env.RATE_LIMITER.getByName('health').ping()"]],
  ),
  ...of('auth/throttle.ts', ['faults/durable-objects'], [['await reach(call)', 'await call()']]),
  ...of(
    'auth/login-throttle.ts',
    ['auth/throttle-objects', 'faults/durable-objects'],
    [
      ['    if (this.isRepeated(bucket, id)) return { allowed: true, bucket }\n', ''],
      ['WHERE bucket = ? AND started = ?', 'WHERE bucket = ? AND started > ? * 0'],
      [
        'DELETE FROM attempts WHERE bucket = ? AND id = ? RETURNING',
        'SELECT started FROM attempts WHERE bucket = ? AND id = ? --',
      ],
      ['WHERE bucket = ? AND at > ? LIMIT 1', 'WHERE bucket = ? AND at > ? * 0 LIMIT 1'],
      ["'DELETE FROM attempts WHERE at <= ?'", "'DELETE FROM attempts WHERE at <= ? * 0'"],
      ['DELETE FROM attempts WHERE bucket = ? AND at <= ?', 'DELETE FROM attempts WHERE bucket = ? AND at <= ? * 0'],
    ],
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

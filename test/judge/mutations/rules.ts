// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import { atOnce, of, redundant } from '../mutation.ts'

/** What a webhook is told and what may be asked of it, what a replay may show, how the service is set up. */
export const RULES = [
  ...of(
    'commit.ts',
    ['idempotency/every-route'],
    [
      ['if (sawMore || record.is_hidden === 1) throw notFound()', 'if (record.is_hidden === 1) throw notFound()'],
      ['if (sawMore || record.is_hidden === 1) throw notFound()', 'if (sawMore) throw notFound()'],
    ],
  ),
  ...redundant(
    'nothing behind /auth keeps what it has done under a key',
    of(
      'http/idempotency.ts',
      ['idempotency/keys', 'idempotency/every-route'],
      [["|| request.path.startsWith('/auth/')) return null", ') return null']],
    ),
  ),
  ...of(
    'tickets/search.ts',
    ['tickets/search', 'tickets/search-life'],
    [
      ['const scopes = [`zq${hex(scope.accountId)}`, ...(scope', 'const scopes = [...(scope'],
      ['...(scope.createdBy === null ? [] : [`zr${hex(scope.createdBy)}`])]', ']'],
    ],
  ),
  ...of(
    'tickets/search.ts',
    ['tickets/search-words'],
    [
      ['export const MAX_SEARCH_WORDS = 10', 'export const MAX_SEARCH_WORDS = 9'],
      ['return words.length > 1 ? withoutRepeats(words) : words', 'return words'],
      ['if (!known || (known.isPrefix && !word.isPrefix)) different', 'if (!known) different'],
      ['    .toLowerCase()\n', ''],
      ['    .replace(ACCENTED_LATIN, baseLetter)\n', ''],
      ["    .replace(DROPPED_MARKS, '')\n", ''],
      ['    .replace(LETTER_VARIANT, (letter) => LETTER_VARIANTS[letter] ?? letter)\n', ''],
      ['return /[a-z\\u017f]/.test(base) ? base : letter', 'return base'],
    ],
  ),
  ...of(
    'tickets/schema.ts',
    ['tickets/search-words'],
    [['    .refine(hasFewSearchWords, `must have at most ${MAX_SEARCH_WORDS} different words`)\n', '']],
  ),
  ...of(
    'http/fields.ts',
    ['tickets/search-words'],
    [["'must be at most 200 characters', continue: false })", "'must be at most 200 characters' })"]],
  ),
  ...of(
    'tickets/schema.ts',
    ['comments/internal'],
    [
      ['row.public_comments + (internal ? row.internal_comments : 0)', 'row.public_comments + row.internal_comments'],
      [
        'row.public_attachments + (internal ? row.internal_attachments : 0)',
        'row.public_attachments + row.internal_attachments',
      ],
    ],
  ),
  ...of(
    'webhooks/fan-out.queries.ts',
    ['webhooks/replay'],
    [
      ['AND e.sequence > w.since_sequence AND ${wants()}${failed}`', 'AND ${wants()}${failed}`'],
      ['AND e.sequence > w.since_sequence AND ${wants()}${failed}`', 'AND e.sequence > w.since_sequence${failed}`'],
      [
        'AND e.sequence > w.since_sequence AND ${wants()}${failed}`',
        'AND e.sequence > w.since_sequence AND ${wants()}`',
      ],
      ['AND e.created_at >= ${since} AND', 'AND'],
      ['AND e.created_at < ${until}\n', '\n'],
    ],
  ),
  ...atOnce(
    'webhooks/fan-out.queries.ts',
    ['webhooks/replay'],
    [
      'SELECT e.sequence FROM webhooks w CROSS JOIN events e ON e.account_id = w.account_id\n',
      'SELECT e.sequence FROM webhooks w CROSS JOIN events e\n',
    ],
    ['AND e.account_id = w.account_id AND e.created_at >=', 'AND e.created_at >='],
  ),
  ...atOnce(
    'webhooks/fan-out.queries.ts',
    ['webhooks/replay'],
    ['ON e.account_id = r.account_id\n        AND e.sequence', 'ON e.sequence'],
    ['AND e.account_id = w.account_id AND e.created_at >=', 'AND e.created_at >='],
  ),
  ...of(
    'webhooks/fan-out.queries.ts',
    ['webhooks/switching', 'webhooks/fan-out'],
    [['AND w.id = ${webhookId} AND w.active = 1 AND ${wants()}', 'AND w.id = ${webhookId} AND ${wants()}']],
  ),
  ...of(
    'webhooks/deliveries.queries.ts',
    ['webhooks/redeliver'],
    [
      ['AND d.webhook_id = ${webhookId} AND w.active = 1`', 'AND d.webhook_id = ${webhookId}`'],
      ['AND w.id = ${webhookId} AND w.active = 1)`', 'AND w.id = ${webhookId})`'],
    ],
  ),
  ...of(
    'webhooks/deliveries.queries.ts',
    ['webhooks/delivery-log'],
    [['id = ${id} AND webhook_id = ${webhookId}`),', 'id = ${id}`),']],
  ),
  ...of(
    'webhooks/deliveries.queries.ts',
    ['webhooks/redeliver', 'webhooks/manage'],
    [['AND id = ${webhookId} AND active = 1`', 'AND id = ${webhookId}`']],
  ),
  ...of('webhooks/delivery-log.ts', ['webhooks/replay'], [['if (count > EVENTS_A_REPLAY) throw replayTooLarge()', '']]),
  ...of(
    'webhooks/attempt.ts',
    ['webhooks/answers'],
    [
      ['outcome.statusCode <= SUCCESS.to', 'outcome.statusCode <= 399'],
      ['Buffer.concat(chunks).subarray(0, RESPONSE_BYTES)', 'Buffer.concat(chunks)'],
    ],
  ),
  ...of(
    'webhooks/lease.queries.ts',
    ['webhooks/leases'],
    [['OVER (PARTITION BY account_id ORDER BY slow, next_at)', 'OVER (ORDER BY slow, next_at)']],
  ),
  ...redundant(
    'webhooks have IDs of their own, drawn at random: no two accounts have the same',
    of(
      'webhooks/sender.ts',
      ['webhooks/fairness', 'webhooks/leases'],
      [['delivery.account_id === webhook.account_id && delivery.webhook_id', 'delivery.webhook_id']],
    ),
  ),
  ...redundant(
    'fetch gives no answer below 200',
    of(
      'webhooks/attempt.ts',
      ['webhooks/answers'],
      [['outcome.statusCode >= SUCCESS.from &&', 'outcome.statusCode >= 100 &&']],
    ),
  ),
  ...of(
    'webhooks/secrets.ts',
    ['webhooks/secrets'],
    [['return previous === null ? [current] : [current, previous]', 'return [current]']],
  ),
  ...of(
    'webhooks/service.ts',
    ['webhooks/rotation', 'webhooks/secrets'],
    [['const PREVIOUS_SIGNS_FOR = DAY', 'const PREVIOUS_SIGNS_FOR = 2 * DAY']],
  ),
  ...of(
    'variables.ts',
    ['lib/config'],
    [['Buffer.byteLength(secret) >= SECRET_BYTES', 'Buffer.byteLength(secret) >= 0']],
  ),
  ...of(
    'env.ts',
    ['lib/config', 'webhooks/addresses'],
    [["allowPrivate: result.data.ALLOW_PRIVATE_WEBHOOKS === 'true',", 'allowPrivate: true,']],
  ),
  ...of('env.ts', ['accounts/create'], [["allowSignup: result.data.ALLOW_SIGNUP === 'true',", 'allowSignup: true,']]),
  ...of(
    'keys.ts',
    ['lib/config'],
    [
      ["deriveKey(secret, 'files')", "deriveKey(secret, 'tokens')"],
      ["deriveKey(secret, 'api-keys')", "deriveKey(secret, 'tokens')"],
      ["deriveKey(secret, 'webhooks')", "deriveKey(secret, 'tokens')"],
      ["deriveKey(secret, 'idempotency')", "deriveKey(secret, 'tokens')"],
    ],
  ),
  ...of(
    'lib/crypto.ts',
    ['lib/crypto'],
    [
      [
        "hkdfSync('sha256', secret, 'ticketing-api', purpose, 32)",
        "hkdfSync('sha256', secret, 'ticketing-api', '', 32)",
      ],
    ],
  ),
  ...of(
    'rate-limiting/address.ts',
    ['rate-limiting/address'],
    [
      ['`${parsed.toNormalizedString()}/64`', '`${parsed.toNormalizedString()}/128`'],
      ['const parsed = ipaddr.process(address)', 'const parsed = ipaddr.parse(address)'],
      ["!ipaddr.isValid(address)) return 'unknown'", '!ipaddr.isValid(address)) return String(address)'],
    ],
  ),
  ...of(
    'rate-limiting/rate-limiter.ts',
    ['rate-limiting/limits'],
    [['configOf(this.env).rateLimits[facts.plan])', 'configOf(this.env).rateLimits.premium)']],
  ),
  ...of(
    'http/body.ts',
    ['idempotency/keys'],
    [
      [
        "  if (text.length > MAX_EMPTY_CHARACTERS || !/^\\s*(\\{\\s*\\}\\s*)?$/.test(text))\n    throw invalidInput([detail([], 'must be empty')])\n",
        '',
      ],
    ],
  ),
  ...of('http/body.ts', ['http/bodies'], [['  refuseEncoded(c.req.raw.headers)\n', '']]),
  ...of('http/raw-body.ts', ['attachments/raw-refused'], [['  refuseEncoded(request.headers)\n', '']]),
  ...of('http/route.ts', ['http/parameters'], [['[reader]), queryText]', '[reader])]']]),
  ...of('lib/text.ts', ['lib/text'], [['&& EMAIL.test(text)', "&& text.includes('@')"]]),
  ...of(
    'lib/text.ts',
    ['lib/text'],
    [
      ['return text.isWellFormed() && !CONTROL.test(text)', 'return text.isWellFormed()'],
      ['return text.isWellFormed() && !CONTROL.test(text)', 'return !CONTROL.test(text)'],
    ],
  ),
  ...of(
    'http/fields.ts',
    ['http/parameters'],
    [['bytes`\n        if (!isCleanText(value)) return CONTROL_RULE\n', 'bytes`\n']],
  ),
]

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import { equivalent, inside, together } from '../mutation.ts'

/** What webhooks receive, what a replay may contain, and how the service is configured. */
export const RULES = [
  ...inside('commit/replayResponse', ['service/idempotency-every-route'], (it) => [
    it.operator('||').part(1).remove(),
    it.operator('||').part(2).remove(),
  ]),
  ...inside('storedRows', ['service/idempotency-replay'], (it) => [
    it.operator('||').part(1).remove(),
    it.operator('||').part(2).remove(),
  ]),
  ...inside('withCurrentNames', ['service/idempotency-replay'], (it) => [it.operator('??').part(1).remove()]),
  ...equivalent(
    'no route under /auth stores idempotency records',
    inside('parseIdempotencyKey', ['service/idempotency-keys', 'service/idempotency-every-route'], (it) => [
      it.call('startsWith').remove(),
    ]),
  ),
  ...inside('parseSearch', ['tickets/search', 'tickets/search-life'], (it) => [
    it.call('unshift').enclosingIf().remove(),
    it.call('searchKey').replaceWith("''"),
  ]),
  ...inside('phraseOf', ['tickets/search'], (it) => [it.condition().always(false), it.condition().always(true)]),
  ...inside('parseOldSearch', ['tickets/search-backfill.empty-db'], (it) => [it.condition(2, 3).always(true)]),
  ...inside('MAX_SEARCH_WORDS', ['tickets/search-words'], (it) => [it.value().replaceWith('9')]),
  ...inside('MAX_SEARCH_TOKENS', ['tickets/search-words'], (it) => [it.value().replaceWith('29')]),
  ...inside('differentWords', ['tickets/search-words', 'tickets/search'], (it) => [
    it.call('delete').enclosingStatement().remove(),
  ]),
  ...inside('searchBatch', ['tickets/search-backfill.empty-db'], (it) => [it.condition(2, 2).always(true)]),
  ...inside('indexTicket', ['tickets/search-backfill.empty-db'], (it) => [it.sqlCondition('version = ?').remove()]),
  ...inside('foldText', ['lib/search-tokens.node'], (it) => [
    it.call('toLowerCase', 2, 2).unchain(),
    it.call('normalize', 1, 2).unchain(),
    it.call('replace', 1, 2).unchain(),
    it.call('replace', 2, 2).unchain(),
  ]),
  ...inside('searchTokensOf', ['lib/search-tokens.node'], (it) => [it.condition(2, 2).always(false)]),
  ...inside('filters', ['tickets/search-words'], (it) => [it.call('superRefine').unchain()]),
  ...inside('follows', ['tickets/search-words'], (it) => [it.property('continue').remove()]),
  ...inside('presentTicketDetail', ['comments/internal'], (it) => [
    it.property('comment_count').value().part(2).replaceWith('$2'),
    it.property('attachment_count').value().part(2).replaceWith('$2'),
  ]),
  ...inside('isInReplay', ['webhooks/replay.empty-db'], (it) => [
    it.sqlCondition('sequence > since_sequence').remove(),
    it.sqlCondition('{isSubscribed}').remove(),
    it.variable().replaceWith('$3'),
    it.sqlCondition('created_at >= ?').remove(),
    it.sqlCondition('created_at < ?').remove(),
  ]),
  ...together(
    inside('measureReplay', ['webhooks/replay.empty-db'], (it) => [it.sql('ON account_id = account_id').remove()]),
    inside('isInReplay', ['webhooks/replay.empty-db'], (it) => [
      it.sqlCondition('e.account_id = w.account_id').remove(),
    ]),
  ),
  ...together(
    inside('expandReplay', ['webhooks/replay.empty-db'], (it) => [
      it.sqlCondition('e.account_id = r.account_id').remove(),
    ]),
    inside('isInReplay', ['webhooks/replay.empty-db'], (it) => [
      it.sqlCondition('e.account_id = w.account_id').remove(),
    ]),
  ),
  ...inside('fanOutToWebhook', ['webhooks/disabling.empty-db', 'webhooks/fan-out.empty-db'], (it) => [
    it.sqlCondition('active = 1').remove(),
  ]),
  ...inside('findSendable', ['webhooks/redeliver.empty-db'], (it) => [it.sqlCondition('active = 1').remove()]),
  ...inside('requestAttempt', ['webhooks/redeliver.empty-db'], (it) => [it.sqlCondition('active = 1').remove()]),
  ...inside('findDelivery', ['webhooks/deliveries.empty-db'], (it) => [it.sqlCondition('webhook_id = ?').remove()]),
  ...inside('insertTest', ['webhooks/redeliver.empty-db', 'webhooks/manage.empty-db'], (it) => [
    it.sqlCondition('active = 1').remove(),
  ]),
  ...inside('replayEvents', ['webhooks/replay.empty-db'], (it) => [it.call('replayTooLarge').enclosingIf().remove()]),
  ...inside('attemptDelivery', ['webhooks/responses.empty-db'], (it) => [it.operator('<=').replaceWith('$1 <= 399')]),
  ...inside('readPrefix', ['webhooks/responses.empty-db'], (it) => [it.call('subarray').unchain()]),
  ...inside('acquireLeases', ['webhooks/leases.empty-db'], (it) => [it.sql('PARTITION BY account_id').remove()]),
  ...equivalent(
    'webhook IDs are random: no two accounts have the same',
    inside('DeliveryWorker.leaseBatches', ['webhooks/fairness.empty-db', 'webhooks/leases.empty-db'], (it) => [
      it.operator('&&').part(1).remove(),
    ]),
  ),
  ...equivalent(
    'fetch returns no response with a status below 200',
    inside('attemptDelivery', ['webhooks/responses.empty-db'], (it) => [it.operator('>=').replaceWith('$1 >= 100')]),
  ),
  ...inside('decryptSecrets', ['webhooks/secrets.empty-db'], (it) => [it.returned(3, 3).replaceWith('$2')]),
  ...inside('PREVIOUS_SECRET_TTL', ['webhooks/rotation.empty-db', 'webhooks/secrets.empty-db'], (it) => [
    it.value().replaceWith('2 * $0'),
  ]),
  ...inside('Variables/Secret', ['core/config'], (it) => [it.value().part(1).body().replaceWith('$1 >= 0')]),
  ...inside('configurationMessage', ['core/config'], (it) => [
    it.operator('||').part(1).remove(),
    it.operator('||').part(2).remove(),
  ]),
  ...inside('configOf', ['core/config', 'webhooks/addresses.empty-db'], (it) => [
    it.property('allowPrivate').value().always(true),
  ]),
  ...inside('configOf', ['accounts/create'], (it) => [it.property('allowSignup').value().always(true)]),
  ...inside('deriveKeys', ['core/config'], (it) => [
    it.literal('files').replaceWith("'tokens'"),
    it.literal('api-keys').replaceWith("'tokens'"),
    it.literal('webhooks').replaceWith("'tokens'"),
    it.literal('idempotency').replaceWith("'tokens'"),
  ]),
  ...inside('deriveKey', ['lib/crypto'], (it) => [it.call('hkdfSync').replaceWith("hkdfSync($1, $2, $3, '', $5)")]),
  ...inside('ipAddressKey', ['access/client-address'], (it) => [
    it.call('networkAddressFromCIDR').part(1).replaceWith('`${$1}/128`'),
    it.call('process').replaceWith('ipaddr.parse($1)'),
    it.literal('unknown').replaceWith('String(address)'),
  ]),
  ...inside('ipNetworkKey', ['access/client-address'], (it) => [
    it.call('networkAddressFromCIDR').part(1).replaceWith('`${$1}/64`'),
  ]),
  ...inside('NETWORK_FACTOR', ['access/ipv6-networks'], (it) => [
    it.value().replaceWith('11'),
    it.value().replaceWith('9'),
  ]),
  ...inside('AddressCounters.count', ['access/ipv6-networks'], (it) => [
    it.operator('&&', 1, 2).part(1).remove(),
    it.operator('&&', 1, 2).part(2).remove(),
    it.operator('||').part(1).remove(),
  ]),
  ...inside('AddressCounters.sweep', ['access/ipv6-networks'], (it) => [it.call('exec').enclosingStatement().remove()]),
  ...inside('RateLimiter.alarm', ['access/ipv6-networks'], (it) => [it.call('newestMinute').remove()]),
  ...inside('RateLimiter.verifyAndCount', ['access/rate-limits'], (it) => [
    it.call('hit').part(3).replaceWith('configOf(this.env).rateLimits.premium'),
  ]),
  ...inside('noBody', ['service/idempotency-keys'], (it) => [it.call('notEmpty', 2, 2).enclosingIf().remove()]),
  ...inside('noBody', ['http/bodies'], (it) => [it.call('notEmpty', 1, 2).enclosingStatement().remove()]),
  ...inside('readText', ['http/bodies'], (it) => [it.call('tooManyFields').enclosingIf().remove()]),
  ...inside('jsonBody', ['http/bodies'], (it) => [it.call('rejectEncoded').enclosingStatement().remove()]),
  ...inside('rawBodyOf', ['attachments/raw-refused'], (it) => [it.call('rejectEncoded').enclosingStatement().remove()]),
  ...inside('withShared', ['http/parameters'], (it) => [it.reference('queryEncoding').remove()]),
  ...inside('isEmail', ['lib/text'], (it) => [it.call('test').replaceWith("$1.includes('@')")]),
  ...inside('isCleanText', ['lib/text'], (it) => [it.returned().part(2).remove(), it.call('isWellFormed').remove()]),
  ...inside('lineViolation', ['http/single-line'], (it) => [
    it.call('isCleanText').always(true),
    it.call('hasBidiControl').enclosingIf().remove(),
    it.call('hasVisibleCharacter').always(true),
  ]),
  ...inside('multilineText', ['http/parameters'], (it) => [it.call('isCleanText').always(true)]),
]

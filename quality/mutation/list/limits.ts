import { inside } from '../mutation.ts'

/** Sizes, counts and rates. */
export const LIMITS = [
  ...inside('jsonBody', ['http/bodies'], (it) => [
    it.call('payloadTooLarge').enclosingIf().remove(),
    it.reference('MAX_TOKENS').replaceWith('1e9'),
    it.call('jsonRequired').enclosingIf().remove(),
  ]),
  ...inside('jsonBody', ['http/json-values'], (it) => [
    it.call('parsed').enclosingIf().remove(),
    it.call('hashesOf').replaceWith('[sha256($1)]'),
  ]),
  ...inside('problemsOfJson', ['lib/json-problems.node'], (it) => [
    it.call('nameIn').replaceWith('$1.slice(1, -1)'),
    it.call('isExactNumber').replaceWith('true'),
  ]),
  ...inside('isExactNumber', ['lib/json-problems.node'], (it) => [it.call('isSafeInteger').replaceWith('true')]),
  ...inside('uploadAttachment', ['http/json-values'], (it) => [it.template(1, 1).replaceWith('file.sha256')]),
  ...inside('readText', ['http/bodies'], (it) => [
    it.call('payloadTooLarge').enclosingIf().remove(),
    it.property('fatal').value().always(false),
  ]),
  ...inside('readText', ['http/body-timeout'], (it) => [it.call('bodyChunks').replaceWith('($1.body ?? [])')]),
  ...inside('noBody', ['http/body-timeout'], (it) => [it.call('bodyChunks').replaceWith('($1.body ?? [])')]),
  ...inside('bodyChunks', ['http/body-timeout'], (it) => [
    it.call('race').replaceWith('reader.read()'),
    it.call('cancel').enclosingStatement().remove(),
  ]),
  ...inside('BODY_TIMEOUT', ['http/body-timeout'], (it) => [
    it.literal(30).replaceWith('29'),
    it.literal(30).replaceWith('31'),
  ]),
  ...inside('hasMoreTokens/TOKENS', ['http/bodies'], (it) => [it.reference('BRACKET').remove()]),
  ...inside('requestIdempotency', ['service/idempotency-keys'], (it) => [
    it.call('split').receiver().replaceWith('new URL($1.url).pathname'),
  ]),
  ...inside('rawBodyOf', ['attachments/raw-refused'], (it) => [
    it.call('payloadTooLarge').enclosingIf().remove(),
    it.call('lengthRequired').enclosingIf().remove(),
    it.operator('||').part(1).remove(),
    it.call('test').remove(),
  ]),
  ...inside('lineCheck', ['tickets/create-limits'], (it) => [it.call('hasMoreCharacters').part(2).replaceWith('1e9')]),
  ...inside('multilineText', ['tickets/create-limits'], (it) => [it.call('hasMoreBytes').part(2).replaceWith('1e9')]),
  ...inside('Email', ['http/long-bodies'], (it) => [it.returned().replaceWith('$2 ?? $1')]),
  ...inside('parseRange', ['attachments/ranges'], (it) => [it.call('matchOf').replaceWith('$2.exec($1)')]),
  ...inside('MAX_CONTENT_TYPE', ['http/long-parameters'], (it) => [it.value().replaceWith('1e9')]),
  ...inside('MAX_AUTHORIZATION', ['http/long-parameters'], (it) => [it.value().replaceWith('1e9')]),
  ...inside('password', ['users/create', 'auth/password'], (it) => [
    it.operator('<').remove(),
    it.call('hasMoreCharacters').remove(),
    it.call('characters').replaceWith('$1.length'),
  ]),
  ...inside('NewPassword', ['users/create', 'auth/password'], (it) => [it.literal(8).replaceWith('7')]),
  ...inside('isCommonPassword', ['users/new-passwords'], (it) => [
    it.returned().replaceWith('false'),
    it.call('asciiLower').replaceWith('$1'),
  ]),
  ...inside('rejectKnownPassword', ['users/new-passwords'], (it) => [
    it.array(1, 1).part(1).remove(),
    it.array(1, 1).part(2).remove(),
    it.array(1, 1).part(3).remove(),
  ]),
  ...inside('createAccount', ['users/new-passwords'], (it) => [
    it.call('rejectKnownPassword').enclosingStatement().remove(),
    it.call('rejectCommonPassword').enclosingStatement().remove(),
  ]),
  ...inside('register', ['users/new-passwords'], (it) => [
    it.call('rejectKnownPassword').enclosingStatement().remove(),
    it.call('rejectCommonPassword').enclosingStatement().remove(),
  ]),
  ...inside('createUser', ['users/new-passwords'], (it) => [it.call('checkFirstPassword').enclosingIf().remove()]),
  ...inside('setPassword', ['users/new-passwords'], (it) => [
    it.call('rejectKnownPassword').enclosingIf().remove(),
    it.call('rejectCommonPassword').enclosingStatement().remove(),
  ]),
  ...inside('changePassword', ['users/new-passwords'], (it) => [
    it.call('rejectKnownPassword').enclosingIf().remove(),
    it.call('rejectCommonPassword').enclosingStatement().remove(),
  ]),
  ...inside('countDownload', ['attachments/download-limit'], (it) => [
    it.call('assertAdmitted', 1, 2).enclosingIf().remove(),
    it.call('assertAdmitted', 2, 2).enclosingStatement().remove(),
  ]),
  ...inside('assertAdmitted', ['attachments/download-limit'], (it) => [it.operator('<=').replaceWith('$1 < $2')]),
  ...inside('DOWNLOADS_PER_REQUEST', ['attachments/download-limit'], (it) => [it.value().replaceWith('11')]),
  ...inside('withDeadline', ['quality/fault-injection/never-settles.isolated'], (it) => [
    it.call('race').replaceWith('$1[0]'),
  ]),
  ...inside('searchText', ['http/parameters'], (it) => [it.call('hasMoreCharacters').part(2).replaceWith('201')]),
  ...inside('toDetails', ['http/bodies'], (it) => [
    it.call('slice').enclosingStatement().variable().replaceWith('$3'),
    it.call('slice').enclosingStatement().variable().replaceWith('$2'),
  ]),
  ...inside('copy', ['attachments/raw-refused'], (it) => [
    it.call('lengthMismatch', 1, 2).enclosingIf().remove(),
    it.call('lengthMismatch', 2, 2).enclosingIf().remove(),
  ]),
  ...inside('LoginThrottle.trustAddress', ['access/throttle-objects.empty-db'], (it) => [
    it.sql('user = ?', 1, 2).replaceWith('? IS NOT NULL'),
  ]),
  ...inside('MAX_TRUSTED_ADDRESSES', ['access/throttle-addresses'], (it) => [
    it.value().replaceWith('19'),
    it.value().replaceWith('21'),
  ]),
  ...inside('LoginThrottle.trustAddress', ['access/throttle-addresses'], (it) => [it.sql('DESC').remove()]),
  ...inside('Tags', ['tickets/create-limits'], (it) => [it.call('max').unchain()]),
  ...inside('checkFields', ['tickets/create-limits'], (it) => [it.operator('>').replaceWith('$1 > 1e9')]),
  ...inside('isCustomValue', ['tickets/create-limits'], (it) => [
    it.call('hasMoreCharacters').enclosingStatement().operator('&&').part(1).remove(),
  ]),
  ...inside('checkFields', ['tickets/create-limits', 'tickets/update'], (it) => [it.condition(4, 5).part(1).remove()]),
  ...inside('filenameViolation', ['attachments/filenames'], (it) => [
    it.call('hasMoreBytes').enclosingIf().remove(),
    it.condition(3, 4).always(false),
    it.condition(4, 4).part(2).remove(),
    it.call('lineViolation').replaceWith('null'),
  ]),
  ...inside('NewAttachments', ['attachments/upload'], (it) => [it.value().receiver().unchain()]),
  ...inside('base64Rule', ['attachments/upload'], (it) => [
    it.condition(1, 7).always(false),
    it.condition(2, 7).always(false),
    it.condition(3, 7).always(false),
    it.condition(4, 7).always(false),
    it.condition(5, 7).always(false),
    it.condition(6, 7).always(false),
    it.condition(7, 7).always(false),
  ]),
  ...inside('nearestRoute', ['http/unknown-routes'], (it) => [
    it.condition(1, 5).always(false),
    it.condition(2, 5).always(false),
    it.call('isMatch').remove(),
  ]),
  ...inside('decodeBase64', ['attachments/upload'], (it) => [it.operator('===').replaceWith('padding < 3')]),
  ...inside('reserveUploads', ['attachments/quota', 'attachments/raw-refused'], (it) => [
    it.literal('attachments').enclosingIf().remove(),
    it.literal('storage').enclosingIf().remove(),
    it.condition(3, 5).part(1).replaceWith('$1'),
  ]),
  ...inside('PageQuery', ['http/parameters'], (it) => [it.literal(100).replaceWith('100_000')]),
  ...inside('CursorQuery', ['http/cursor', 'http/parameters'], (it) => [it.call('max').unchain()]),
  ...inside('MAX_ACTIVE_KEYS', ['api-keys/limits'], (it) => [
    it.literal(20).replaceWith('21'),
    it.literal(100).replaceWith('101'),
  ]),
  ...inside('MAX_WEBHOOKS', ['webhooks/addresses.empty-db'], (it) => [
    it.value().replaceWith('{ standard: 11, premium: 51 }'),
  ]),
  ...inside('MAX_REPLAYED_EVENTS', ['webhooks/replay.empty-db'], (it) => [it.value().replaceWith('10_001')]),
  ...inside('hit', ['access/window'], (it) => [it.call('max', 1, 2).replaceWith('$2')]),
  ...inside('assertWithinLimit', ['access/rate-limits'], (it) => [it.condition().always(true)]),
  ...inside('countIpAddress', ['access/rate-limits'], (it) => [
    it.call('assertWithinLimit').enclosingStatement().remove(),
  ]),
  ...inside('countUnroutedRequests', ['access/rate-limits'], (it) => [it.condition(2, 2).else().remove()]),
  ...inside('claimedCaller', ['access/refusal-memory', 'access/refusals'], (it) => [it.call('shouldWait').remove()]),
  ...inside('verifyAndCount', ['access/refusal-memory', 'access/refusals'], (it) => [
    it.call('recordInvalid').enclosingStatement().remove(),
    it.call('recordValid').enclosingStatement().remove(),
  ]),
  ...inside('CAPACITY', ['access/refusal-memory'], (it) => [it.value().replaceWith('20_000')]),
  ...inside('LOW_REMAINING', ['access/refusal-memory'], (it) => [
    it.value().replaceWith('9'),
    it.value().replaceWith('11'),
  ]),
  ...inside('TTL', ['access/refusal-memory'], (it) => [it.value().replaceWith('2 * $0')]),
  ...inside('RefusalMemory.shouldWait', ['access/refusal-memory'], (it) => [
    it.returned().part(1).remove(),
    it.returned().part(2).remove(),
  ]),
  ...inside('RefusalMemory.recordInvalid', ['access/refusal-memory'], (it) => [it.condition().negate()]),
  ...inside('RefusalMemory.recordValid', ['access/refusal-memory'], (it) => [
    it.call('delete').remove(),
    it.call('add', 1, 2).replaceWith('this.names.delete($1)'),
    it.call('min').replaceWith('$1'),
  ]),
  ...inside('finishBody', ['http/finish-body'], (it) => [
    it.operator('||').part(2).remove(),
    it.call('cancel').enclosingStatement().remove(),
  ]),
  ...inside('arrivesInTime', ['http/finish-body'], (it) => [it.call('setTimeout').replaceWith('0')]),
  ...inside('callDurableObject', ['access/throttle-objects.empty-db', 'access/rate-limits'], (it) => [
    it.call('catch').replaceWith('$0.catch(() => undefined as never)'),
  ]),
  ...inside('callDurableObject', ['access/database-unavailable', 'access/member-state'], (it) => [
    it.call('isDatabaseUnavailable').enclosingStatement().remove(),
  ]),
  ...inside('callDurableObject', ['access/database-unavailable'], (it) => [
    it.call('causeOf').replaceWith('new Error()'),
  ]),
  ...inside('returnDatabaseFailure', ['access/database-unavailable'], (it) => [it.condition().always(false)]),
  ...inside('isReached', ['db/sessions'], (it) => [
    it.operator('&&', 1, 2).part(1).remove(),
    it.operator('<=').always(true),
  ]),
  ...inside('takeTurn', ['http/large-bodies.isolated'], (it) => [
    it.operator('>=').always(false),
    it.operator('<').always(true),
    it.call('removeExpired', 2, 2).enclosingStatement().remove(),
  ]),
  ...inside('takeTurn/MAX_CONCURRENT', ['http/large-bodies.isolated'], (it) => [it.value().replaceWith('3')]),
  ...inside('takeTurn/MAX_WAITING', ['http/large-bodies.isolated'], (it) => [it.value().replaceWith('9')]),
  ...inside('jsonBody', ['http/large-bodies.isolated'], (it) => [it.call('release').enclosingStatement().remove()]),
  ...inside('BodyTimer.exclude', ['http/large-bodies.isolated'], (it) => [
    it.call('stop').enclosingStatement().remove(),
  ]),
  ...inside('retryTransient', ['quality/fault-injection/durable-objects.isolated'], (it) => [
    it.call('isRetryable').enclosingStatement().operator('||').part(2).remove(),
  ]),
  ...inside('retryFiles', ['quality/fault-injection/stores.isolated'], (it) => [
    it.call('retryTransient').replaceWith('retryTransient(() => withDeadline(call()))'),
  ]),
  ...inside('reserveUploads', ['quality/fault-injection/transient-writes.isolated'], (it) => [
    it.condition(1, 5).always(true),
    it.condition(1, 5).always(false),
  ]),
  ...inside('runIdempotent', ['quality/fault-injection/transient-writes.isolated'], (it) => [
    it.call('isCallerRejected').enclosingStatement().remove(),
  ]),
  ...inside('isOwnRecord', ['quality/fault-injection/transient-writes.isolated'], (it) => [
    it.operator('&&').part(2).remove(),
  ]),
  ...inside('commit', ['quality/fault-injection/transient-writes.isolated'], (it) => [
    it.call('isOwnRecord').enclosingIf().remove(),
  ]),
  ...inside('DeliveryWorker.lease', ['quality/fault-injection/background.empty-db'], (it) => [
    it.condition().always(false),
  ]),
  ...inside('deliverBatch', ['quality/fault-injection/background.empty-db'], (it) => [it.operator('&&').always(false)]),
  ...inside('retryTransient/MAX_RETRIES', ['quality/fault-injection/durable-objects.isolated'], (it) => [
    it.value().replaceWith('1'),
    it.value().replaceWith('3'),
  ]),
  ...inside('isTransient', ['quality/fault-injection/durable-objects.isolated'], (it) => [
    it.literal('retryable').enclosingStatement().operator('&&').part(1).remove(),
    it.call('isOverloaded').enclosingStatement().operator('&&').part(2).remove(),
  ]),
  ...inside('attemptDelivery/send', ['webhooks/responses.empty-db'], (it) => [
    it.literal('manual').replaceWith("'follow'"),
    it.property('signal').remove(),
  ]),
  ...inside('readPrefix', ['webhooks/responses.empty-db'], (it) => [it.operator('<').replaceWith('$1 < 1e9')]),
  ...inside('listTickets', ['http/page-bytes.isolated'], (it) => [it.call('fitsAlways').always(true)]),
  ...inside('listComments', ['http/page-bytes.isolated'], (it) => [it.call('fitsAlways').always(true)]),
  ...inside('withinBytes', ['http/page-bytes.isolated'], (it) => [
    it.sqlCondition('bytes_so_far - bytes <= ?').remove(),
  ]),
]

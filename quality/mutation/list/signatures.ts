// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import { inside } from '../mutation.ts'

/** Signed, encrypted or bound values: files, webhooks, cursors, idempotency keys, versions. */
export const SIGNATURES = [
  ...inside('verifiedAccount', ['attachments/download'], (it) => [
    it.condition(2, 3).always(false),
    it.condition(3, 3).replaceWith('$2 > 0'),
    it.operator('>', 1, 2).remove(),
  ]),
  ...inside('message', ['attachments/download'], (it) => [
    it.call('stringify').part(1).part(2).remove(),
    it.call('stringify').part(1).part(3).remove(),
    it.call('stringify').part(1).part(4).replaceWith('$0 > 0'),
    it.call('stringify').part(1).part(1).replaceWith('$0.length'),
  ]),
  ...inside('signatureHeaders', ['webhooks/secrets.empty-db', 'webhooks/sending.empty-db'], (it) => [
    it.call('update').part(1).replaceWith('`${$2}.${$3}`'),
    it.call('update').part(1).replaceWith('`${$1}.0.${$3}`'),
    it.call('update').part(1).part(3).replaceWith('$0.length'),
  ]),
  ...inside('decryptSecrets', ['webhooks/secrets.empty-db'], (it) => [it.operator('<').remove()]),
  ...inside('encryptSecret/encryptionContext', ['webhooks/secrets.empty-db'], (it) => [
    it.returned().replaceWith('`webhook ${$1.length}/${$2.length}`'),
  ]),
  ...inside('algorithm', ['lib/envelope-encryption'], (it) => [it.call('from').part(1).replaceWith('$0.slice(0, 0)')]),
  ...inside('timingSafeEqual', ['lib/crypto'], (it) => [it.call('areBytesEqual').replaceWith('($0 || true)')]),
  ...inside('readCursor', ['http/cursor'], (it) => [it.condition(3, 5).always(true)]),
  ...inside('parseListQuery', ['tickets/cursor'], (it) => [
    it.property('accountId').remove(),
    it.property('within').remove(),
  ]),
  ...inside('listComments', ['comments/list', 'tickets/get'], (it) => [
    it.property('accountId').remove(),
    it.property('ticketId').remove(),
    it.call('seesInternal').replaceWith('$1 !== null'),
  ]),
  ...inside('listAttachments', ['attachments/list', 'tickets/get'], (it) => [
    it.property('accountId').remove(),
    it.property('ticketId').remove(),
    it.call('seesInternal').replaceWith('$1 !== null'),
  ]),
  ...inside('listEvents', ['events/walk', 'events/retention'], (it) => [
    it.property('accountId').remove(),
    it.call('cursorExpired').enclosingIf().remove(),
  ]),
  ...inside('listHistory', ['tickets/history', 'tickets/get'], (it) => [
    it.property('accountId').remove(),
    it.property('ticketId').remove(),
    it.call('notFound').enclosingIf().remove(),
  ]),
  ...inside('listUsers', ['users/list'], (it) => [
    it.property('accountId').remove(),
    it.literal('users').enclosingStatement().variable().part(3).remove(),
  ]),
  ...inside('listDeliveries', ['webhooks/deliveries.empty-db'], (it) => [
    it.property('accountId').remove(),
    it.property('webhookId').remove(),
    it.property('status', 1, 2).remove(),
    it.property('event', 1, 2).remove(),
  ]),
  ...inside('parseIdempotencyKey', ['service/idempotency-scope', 'service/idempotency-replay'], (it) => [
    it.call('sha256').part(1).replaceWith('`${$1} ${$3} ${$4}`'),
    it.call('sha256').part(1).replaceWith('`${$1} ${$2} ${$4}`'),
    it.call('hmac').part(2).replaceWith('`${$1}`'),
    it.call('hmac').part(2).replaceWith('`${$2}`'),
    it.call('deriveKey').replaceWith("deriveKey($1, 'any')"),
  ]),
  ...inside('isRecent', ['service/idempotency-scope'], (it) => [it.operator('-').replaceWith('$1 * 0')]),
  ...inside('runIdempotent', ['service/idempotency-scope'], (it) => [it.operator('-').replaceWith('$1 * 0')]),
  ...inside('commit/readResponse', ['service/idempotency-replay'], (it) => [it.condition(1, 2).always(false)]),
  ...inside('updateTicket', ['tickets/preconditions'], (it) => [it.call('commit').part(2).part(1).remove()]),
  ...inside('deleteTicket', ['tickets/preconditions'], (it) => [it.call('commit').part(2).part(1).remove()]),
  ...inside('readIfMatch', ['tickets/preconditions'], (it) => [
    it.call('flatMap').returned().part(2).replaceWith('[1]'),
  ]),
  ...inside('ENTITY_TAG', ['tickets/preconditions'], (it) => [
    it.pattern().text(String.raw`(?:W\/)?`).remove(),
    it.pattern().replaceWith('$0i'),
  ]),
  ...inside('ELEMENTS', ['tickets/preconditions'], (it) => [it.value().replaceWith('/[^,]+/g')]),
  ...inside('opaqueTags', ['tickets/preconditions'], (it) => [
    it.reference('MAX_CONDITION').enclosingStatement().remove(),
  ]),
  ...inside('entityTag', ['tickets/preconditions'], (it) => [it.call('slice').replaceWith('1')]),
]

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import { of } from '../mutation.ts'

/** What is signed, sealed or bound: files, webhooks, cursors, idempotency keys, versions. */
export const SIGNATURES = [
  ...of(
    'attachments/url-signing.ts',
    ['attachments/download'],
    [
      [
        'if (!keys.some((key) => sameText(given, mac(key, signed)))) return null',
        'if (keys.length === 0 || signed === given) return null',
      ],
      ['return expires * SECOND > now ? accountId : null', 'return now > 0 ? accountId : null'],
      ['JSON.stringify([accountId, id, filename, expires])', 'JSON.stringify([accountId, filename, expires])'],
      ['JSON.stringify([accountId, id, filename, expires])', 'JSON.stringify([accountId, id, expires])'],
      ['JSON.stringify([accountId, id, filename, expires])', 'JSON.stringify([accountId, id, filename, expires > 0])'],
      [
        'JSON.stringify([accountId, id, filename, expires])',
        'JSON.stringify([accountId.length, id, filename, expires])',
      ],
      ['|| rest.length > 0 ||', '||'],
    ],
  ),
  ...of(
    'webhooks/signing.ts',
    ['webhooks/secrets', 'webhooks/sending'],
    [
      ['update(`${id}.${timestamp}.${body}`)', 'update(`${timestamp}.${body}`)'],
      ['update(`${id}.${timestamp}.${body}`)', 'update(`${id}.0.${body}`)'],
      ['update(`${id}.${timestamp}.${body}`)', 'update(`${id}.${timestamp}.${body.length}`)'],
    ],
  ),
  ...of(
    'webhooks/secrets.ts',
    ['webhooks/secrets'],
    [
      ['row.previous_until !== null && now < row.previous_until', 'row.previous_until !== null'],
      ['return `webhook ${accountId}/${webhookId}`', 'return `webhook ${accountId.length}/${webhookId.length}`'],
    ],
  ),
  ...of(
    'lib/sealing.ts',
    ['lib/sealing'],
    [
      [
        "return { name: 'AES-GCM', iv, additionalData: Buffer.from(context) }",
        "return { name: 'AES-GCM', iv, additionalData: Buffer.from(context.slice(0, 0)) }",
      ],
    ],
  ),
  ...of(
    'lib/crypto.ts',
    ['lib/crypto'],
    [
      [
        'return a.length === b.length && timingSafeEqual(a, b)',
        'return a.length === b.length && (timingSafeEqual(a, b) || true)',
      ],
    ],
  ),
  ...of(
    'http/cursor.ts',
    ['http/cursor'],
    [['content && content[0] === scopeName(scope) ?', 'content && scopeName(scope) ?']],
  ),
  ...of(
    'tickets/list.ts',
    ['tickets/cursor'],
    [
      ["{ list: 'tickets', accountId: caller.accountId, within,", "{ list: 'tickets', within,"],
      ['accountId: caller.accountId, within, ...filter', 'accountId: caller.accountId, ...filter'],
    ],
  ),
  ...of(
    'comments/service.ts',
    ['comments/list', 'tickets/get'],
    [
      ["{ list: 'comments', accountId, ticketId, internal", "{ list: 'comments', ticketId, internal"],
      ["{ list: 'comments', accountId, ticketId, internal", "{ list: 'comments', accountId, internal"],
      ['ticketId, internal: seesInternal(role) }', 'ticketId, internal: role !== null }'],
    ],
  ),
  ...of(
    'attachments/service.ts',
    ['attachments/list', 'tickets/get'],
    [
      ["{ list: 'attachments', accountId, ticketId, internal", "{ list: 'attachments', ticketId, internal"],
      ["{ list: 'attachments', accountId, ticketId, internal", "{ list: 'attachments', accountId, internal"],
      ['ticketId, internal: seesInternal(role) }', 'ticketId, internal: role !== null }'],
    ],
  ),
  ...of(
    'events/service.ts',
    ['events/walk', 'events/retention'],
    [
      ["{ list: 'events', accountId, event", "{ list: 'events', event"],
      ['if (after !== null && after < oldest - 1) throw cursorExpired(oldest)', ''],
    ],
  ),
  ...of(
    'tickets/history.ts',
    ['tickets/history', 'tickets/get'],
    [
      ["{ list: 'history', accountId, ticketId }", "{ list: 'history', ticketId }"],
      ["{ list: 'history', accountId, ticketId }", "{ list: 'history', accountId }"],
      ['if (!ticket) throw notFound()', ''],
    ],
  ),
  ...of(
    'users/list.ts',
    ['users/list'],
    [
      ["{ list: 'users', accountId: db.accountId, ...filter }", "{ list: 'users', ...filter }"],
      ['accountId: db.accountId, ...filter }', 'accountId: db.accountId }'],
    ],
  ),
  ...of(
    'webhooks/delivery-log.ts',
    ['webhooks/delivery-log'],
    [
      [
        "{ list: 'deliveries', accountId, webhookId, status, event }",
        "{ list: 'deliveries', webhookId, status, event }",
      ],
      ['accountId, webhookId, status, event }\n', 'accountId, status, event }\n'],
      ['accountId, webhookId, status, event }\n', 'accountId, webhookId, event }\n'],
      ['accountId, webhookId, status, event }\n', 'accountId, webhookId, status }\n'],
    ],
  ),
  ...of(
    'http/idempotency.ts',
    ['idempotency/scope', 'idempotency/replay'],
    [
      ['${request.callerId} ${request.method} ${request.path} ${key}', '${request.callerId} ${request.path} ${key}'],
      ['${request.callerId} ${request.method} ${request.path} ${key}', '${request.callerId} ${request.method} ${key}'],
      ['`${request.query} ${request.bodyHash}`', '`${request.query}`'],
      ['`${request.query} ${request.bodyHash}`', '`${request.bodyHash}`'],
      ["deriveKey(secret.toString('base64'), key))", "deriveKey(secret.toString('base64'), 'any'))"],
    ],
  ),
  ...of(
    'db/once.ts',
    ['idempotency/scope'],
    [
      [
        '${recordOf(accountId, once)} AND created_at >= ${now - KEPT_FOR}',
        '${recordOf(accountId, once)} AND created_at >= ${now * 0}',
      ],
      ['WHERE ${own} AND created_at < ${now - KEPT_FOR}', 'WHERE ${own} AND created_at < ${now * 0}'],
    ],
  ),
  ...of(
    'commit.ts',
    ['idempotency/replay'],
    [['if (!once.requestHashes.includes(record.request_hash))', 'if (once.requestHashes.length === 0)']],
  ),
  ...of(
    'tickets/service.ts',
    ['tickets/preconditions'],
    [
      [
        '      ...expectVersion(caller, ticketId, ctx.expectedVersions),\n      ...changeTicket',
        '      ...changeTicket',
      ],
    ],
  ),
  ...of(
    'tickets/service.ts',
    ['tickets/preconditions'],
    [
      [
        '      ...expectVersion(caller, ticketId, ctx.expectedVersions),\n      ...tellOfDeletion',
        '      ...tellOfDeletion',
      ],
    ],
  ),
  ...of(
    'http/etag.ts',
    ['tickets/preconditions'],
    [
      ['return version === undefined ? []', 'return version === undefined ? [1]'],
      ['[ \\t]*(?:W\\/)?("', '[ \\t]*("'],
      ['"]*")[ \\t]*$/u', '"]*")[ \\t]*$/iu'],
      ['/(?:"[^"]*"|[^",])+/g', '/[^,]+/g'],
      ['if (header.length > MAX_CONDITION) return []', ''],
      ['return `"${version}.${sha256(JSON.stringify(shown)).slice(0, 16)}"`', 'return `"${version}.${shown ? 1 : 0}"`'],
    ],
  ),
]

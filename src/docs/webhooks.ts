import type { RouteConfig } from '@hono/zod-openapi'
import { EVENT_EXAMPLES } from '../events/examples'
import { EVENTS, LISTED_TYPES } from '../events/service'
import { WEBHOOK_EVENTS_TAG } from './tags'

const SUMMARIES: Record<(typeof LISTED_TYPES)[number], string> = {
  'ticket.created': 'A ticket was created',
  'ticket.updated': 'A ticket was changed',
  'ticket.status_changed': 'The status of a ticket was changed',
  'ticket.deleted': 'A ticket was deleted',
  'comment.created': 'A comment was added to a ticket',
  'user.created': 'A user was added to the account, or joined it',
  'webhook.test': 'A test was asked for',
}

const DESCRIPTION =
  'Signed as Standard Webhooks says: verify with the `standardwebhooks` library of your language before you trust it. The ' +
  'same event may come more than once, and later than a younger one: `webhook-id` names it, `sequence` orders it. Answer ' +
  '2xx within 15 seconds; anything else is tried again after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h, and ' +
  '410 switches the webhook off.'

const PARAMETERS: NonNullable<RouteConfig['parameters']> = [
  {
    name: 'webhook-id',
    in: 'header',
    required: true,
    description: 'The ID of the event, the same on every attempt.',
    schema: {
      type: 'string',
      maxLength: 64,
      pattern: '^[A-Za-z0-9_-]{1,64}$',
      example: 'evt_01jt0v7m3zq8x5y2w9r4n6p1kc',
    },
  },
  {
    name: 'webhook-timestamp',
    in: 'header',
    required: true,
    description: 'When the attempt was made, in Unix seconds.',
    schema: { type: 'string', maxLength: 12, pattern: '^\\d{10,12}$', example: '1746376200' },
  },
  {
    name: 'webhook-signature',
    in: 'header',
    required: true,
    description:
      'HMAC-SHA256 of `{webhook-id}.{webhook-timestamp}.{body}` in base64 after `v1,`. For a day after a rotation there are ' +
      'two, with a space between them: one will do.',
    schema: {
      type: 'string',
      maxLength: 100,
      pattern: '^v1,[A-Za-z0-9+/]{43}=( v1,[A-Za-z0-9+/]{43}=)*$',
      example: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    },
  },
  {
    name: 'User-Agent',
    in: 'header',
    required: true,
    description: 'The product and its version.',
    schema: {
      type: 'string',
      maxLength: 100,
      pattern: '^Ticketing-API/\\S+ \\(webhooks\\)$',
      example: 'Ticketing-API/0.1.0 (webhooks)',
    },
  },
]

/** The requests to webhook URLs, for `webhooks` of the document. */
export function webhookRoutes(): RouteConfig[] {
  return LISTED_TYPES.map((type) => ({
    method: 'post' as const,
    path: type,
    operationId: `on${type.split(/[._]/).map(capitalized).join('')}`,
    summary: SUMMARIES[type],
    description: DESCRIPTION,
    tags: [WEBHOOK_EVENTS_TAG],
    security: [],
    parameters: PARAMETERS,
    request: {
      body: {
        required: true,
        content: { 'application/json': { schema: EVENTS[type], example: EVENT_EXAMPLES[type] } },
      },
    },
    responses: {
      '2XX': { description: 'Delivered' },
      410: { description: 'Gone: the webhook is switched off, and nothing more is sent' },
      default: { description: 'It is tried again' },
    },
  }))
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

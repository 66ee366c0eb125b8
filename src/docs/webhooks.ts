import type { RouteConfig } from '@hono/zod-openapi'
import { EVENT_EXAMPLES } from '../events/examples'
import { EVENTS, LISTED_TYPES } from '../events/service'
import { WEBHOOK_EVENTS_TAG } from './tags'

const MEANINGS: Record<(typeof LISTED_TYPES)[number], string> = {
  'ticket.created': 'A ticket was created.',
  'ticket.updated':
    'Fields of a ticket were changed, an attachment was uploaded, or a comment or an attachment was deleted. A new comment ' +
    'only sends `comment.created`.',
  'ticket.status_changed': 'The status of a ticket was changed. Sent in addition to `ticket.updated`.',
  'ticket.deleted':
    'A ticket was deleted, with its comments and attachments. Its texts are removed from its earlier events too, so that the ' +
    'title is empty.',
  'comment.created': 'A comment was added to a ticket.',
  'user.created': 'A user was added to the account, or registered.',
  'webhook.test': 'A test event that `POST /webhooks/{webhook_id}/test` requested.',
}

const DELIVERY =
  'Verify the signature with the `standardwebhooks` library of your language. Events can arrive more than once and out of ' +
  'order: `webhook-id` identifies an event, `sequence` orders them. Return 2xx within 15 seconds, otherwise the delivery is ' +
  'retried. See [Webhooks](/docs/guides/webhooks).'

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
    description: 'Time of the attempt, in Unix seconds.',
    schema: { type: 'string', maxLength: 12, pattern: '^\\d{10,12}$', example: '1746376200' },
  },
  {
    name: 'webhook-signature',
    in: 'header',
    required: true,
    description:
      'HMAC-SHA256 of `{webhook-id}.{webhook-timestamp}.{body}` in base64, after `v1,`. For 24 hours after a rotation, there ' +
      'are two signatures separated by a space: accept the request if one matches.',
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
    description: 'Product and version.',
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
    summary: type,
    description: `${MEANINGS[type]}\n\n${DELIVERY}`,
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
      '2XX': { description: 'Delivered.' },
      410: { description: 'Gone: the webhook is deactivated, and nothing more is sent.' },
      default: {
        description: 'Failed: by default retried after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h.',
      },
    },
  }))
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

/** Not used in `paths`: openapi-generator would overwrite the class of the tag. */
export const WEBHOOK_EVENTS_TAG = 'Webhook events'

/** In the order of the reference. */
export const TAGS = [
  { name: 'Authentication', description: 'Log in and out, register as a customer, change your password.' },
  {
    name: 'Tickets',
    description:
      'Problems that customers report and agents solve: create, list, search, update, count and export them.',
  },
  { name: 'Comments', description: 'Replies to the customer, and internal comments among agents.' },
  { name: 'Attachments', description: 'Files of tickets and comments: in JSON, or as raw uploads of up to 95 MiB.' },
  { name: 'Users', description: 'Admins, agents and customers of an account.' },
  { name: 'Account', description: 'Your account: its name, and whether customers may register.' },
  { name: 'API keys', description: 'Credentials for programs. Each key acts as a member of the account.' },
  {
    name: 'Webhooks',
    description:
      'Events sent to your URL, signed according to Standard Webhooks and delivered at least once. `GET /events` returns ' +
      'the same events.',
    externalDocs: { url: 'https://www.standardwebhooks.com', description: 'Standard Webhooks' },
  },
  {
    name: WEBHOOK_EVENTS_TAG,
    description: 'The requests that a webhook sends to your URL, one for each type of event.',
  },
  { name: 'Service', description: 'Health check and this document. No credential needed, no rate limit.' },
]

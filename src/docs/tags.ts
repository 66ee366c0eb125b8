/** Not used in `paths`: openapi-generator would overwrite the class of the tag. */
export const WEBHOOK_EVENTS_TAG = 'Webhook events'

/** In the order of the reference. */
export const TAGS = [
  { name: 'Authentication', description: 'Log in and out, join an account, change your password.' },
  {
    name: 'Tickets',
    description: 'What customers report and agents solve: list, search, count, export and change it.',
  },
  { name: 'Comments', description: 'What is said about a ticket, to the customer or among agents.' },
  { name: 'Attachments', description: 'Files of tickets and comments: in JSON, or as bytes of up to 95 MiB.' },
  { name: 'Users', description: 'The people of an account: admins, agents and customers.' },
  { name: 'Account', description: 'The account itself: its name, and whether customers may join.' },
  { name: 'API keys', description: 'Credentials of programs, which act as members of the account.' },
  {
    name: 'Webhooks',
    description:
      'Events that are sent to your URL, signed as Standard Webhooks says, at least ' +
      'once each and until you answer 2xx; and the list of the same events, to be read at any time.',
    externalDocs: { url: 'https://www.standardwebhooks.com', description: 'Standard Webhooks' },
  },
  {
    name: WEBHOOK_EVENTS_TAG,
    description: 'The requests that a webhook receives at your URL, one for each type of event.',
  },
  { name: 'Service', description: 'The service itself. Nothing here needs a credential or is counted.' },
]

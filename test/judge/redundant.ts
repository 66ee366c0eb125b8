// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import type { Redundant } from './conditions.ts'

const ROW_NUMBER = 'a row number is of one row in all accounts, and was found by account just before'
const KEY_ID = 'the ID of an API key is its own in all accounts: key_directory sees to that'
const SAID_TWICE = 'the statement names the account in its other tables too, and the row is found by those'
const RANDOM_IDS = 'a lease and a webhook have IDs of their own, drawn at random: no other account has both'
const EACH_ACCOUNT = 'the sweep does the same for every account that has something to be swept'

/** Account conditions whose absence nobody could see, because something else says the same. */
export const REDUNDANT: Redundant[] = [
  { file: 'src/api-keys/queries.ts', text: 'account_id = ${accountId}', nth: 3, why: KEY_ID },
  { file: 'src/attachments/queries.ts', text: 'f.account_id = ${caller.accountId}', nth: 0, why: ROW_NUMBER },
  { file: 'src/comments/queries.ts', text: 'c.account_id = ${caller.accountId}', nth: 0, why: ROW_NUMBER },
  { file: 'src/comments/queries.ts', text: 'c.account_id = ${caller.accountId}', nth: 1, why: ROW_NUMBER },
  { file: 'src/events/queries.ts', text: 'e.account_id = ${accountId}', nth: 0, why: ROW_NUMBER },
  { file: 'src/tickets/list.queries.ts', text: 't.account_id = ${caller.accountId}', nth: 0, why: ROW_NUMBER },
  { file: 'src/attachments/intent.queries.ts', text: 'account_id = ${accountId}', nth: 1, why: EACH_ACCOUNT },
  { file: 'src/auth/queries.ts', text: 'account_id = ${accountId}', nth: 2, why: EACH_ACCOUNT },
  {
    file: 'src/webhooks/deliveries.queries.ts',
    text: '(account_id, id) IN ( SELECT w.account_id, ',
    nth: 0,
    why: EACH_ACCOUNT,
  },
  {
    file: 'src/attachments/queries.ts',
    text: 'account_id = ${accountId}',
    nth: 0,
    why: 'a comment that its batch did not make is of a ticket that was not found either',
  },
  { file: 'src/tickets/facets.queries.ts', text: '+t.account_id = g.account_id', nth: 0, why: ROW_NUMBER },
  { file: 'src/tickets/merge.queries.ts', text: '+o.account_id = ${accountId}', nth: 0, why: ROW_NUMBER },
  { file: 'src/webhooks/fan-out.queries.ts', text: 'e.account_id = w.account_id', nth: 1, why: SAID_TWICE },
  { file: 'src/webhooks/fan-out.queries.ts', text: 'e.account_id = w.account_id', nth: 2, why: SAID_TWICE },
  { file: 'src/webhooks/fan-out.queries.ts', text: 'w.account_id = r.account_id', nth: 0, why: SAID_TWICE },
  { file: 'src/webhooks/fan-out.queries.ts', text: 'e.account_id = r.account_id', nth: 0, why: SAID_TWICE },
  { file: 'src/webhooks/fan-out.queries.ts', text: 'r.account_id = ${accountId}', nth: 0, why: SAID_TWICE },
  { file: 'src/webhooks/lease.queries.ts', text: 'w.account_id, ', nth: 0, why: RANDOM_IDS },
  { file: 'src/webhooks/lease.queries.ts', text: 'account_id = ${accountId}', nth: 0, why: RANDOM_IDS },
  { file: 'src/webhooks/lease.queries.ts', text: 'account_id = ${accountId}', nth: 2, why: RANDOM_IDS },
  { file: 'src/webhooks/lease.queries.ts', text: 'account_id = ${accountId}', nth: 3, why: RANDOM_IDS },
  {
    file: 'src/db/outbox.ts',
    text: 's.account_id = ${accountId}',
    nth: 0,
    why: 'the event is asked for by an ID that the very request has made up',
  },
  {
    file: 'src/db/visibility.ts',
    text: '+t.account_id = ${caller.accountId}',
    nth: 0,
    why: 'what finds the ticket is of the account already: a row of ticket_tags, or the token of the account in the words',
  },
  {
    file: 'src/tickets/queries.ts',
    text: 'account_id = ${accountId}',
    nth: 1,
    why: 'the trigger tickets_guard_insert asks again whether the account has the person',
  },
]

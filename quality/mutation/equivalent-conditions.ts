import type { EquivalentCondition } from './account-conditions.ts'

const VALUE = 'account_id = ?'
const JOIN = 'account_id = account_id'

function all(reason: string, conditions: [declaration: string, text: string, nth: number][]): EquivalentCondition[] {
  return conditions.map(([declaration, text, nth]) => ({ declaration, text, nth, reason }))
}

/** Account conditions that no test can miss, because other code checks the same. */
export const EQUIVALENT_CONDITIONS: EquivalentCondition[] = [
  ...all('the ID of an API key is unique across accounts: key_directory enforces it', [['findRotated', VALUE, 0]]),
  ...all('a row number is unique across accounts, and the rows were found by account just before', [
    ['findAttachments', VALUE, 0],
    ['findLatestComments', VALUE, 0],
    ['commentsFrom', VALUE, 0],
    ['findEvents', VALUE, 0],
    ['ticketsFrom', VALUE, 0],
    ['onTags', JOIN, 0],
    ['topOfEachPartition', VALUE, 0],
  ]),
  ...all('the sweep does the same for every account that has something to delete', [
    ['expireUploads', VALUE, 0],
    ['deleteExpiredTokens', VALUE, 0],
    ['purgeDeletedWebhooks', '(account_id, id) IN (SELECT account_id,', 0],
  ]),
  ...all('if the batch did not insert the comment, its ticket was not found either', [['insertAttachments', VALUE, 0]]),
  ...all('the statement also names the account in its other tables, and they find the row', [
    ['isInReplay', JOIN, 1],
    ['measureReplay', JOIN, 0],
    ['expandReplay', JOIN, 0],
    ['expandReplay', JOIN, 1],
    ['expandReplay', VALUE, 2],
  ]),
  ...all('leases and webhooks have random IDs: no two accounts have the same', [
    ['findLeasedDeliveries', 'PARTITION BY account_id,', 0],
    ['completeLease', VALUE, 0],
    ['isLeaseHeld', VALUE, 0],
  ]),
  ...all('the row is found by an ID that the same request has generated', [
    ['findLastEvent', VALUE, 0],
    ['insertComment', VALUE, 1],
  ]),
  ...all('the bytes of files decide only where a page ends', [['findCommentsWithin', VALUE, 0]]),
  ...all('the ticket is found by the account: by a row of ticket_tags, or by the account in the search index', [
    ['visibleByRowId', VALUE, 0],
  ]),
  ...all('the trigger tickets_guard_insert verifies that the account has the user', [['idOfUser', VALUE, 0]]),
]

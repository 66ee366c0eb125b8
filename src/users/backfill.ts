import type { DirectoryDb } from '../db/client'
import { findUsersAfter, foldUser, type UserKey } from './backfill.queries'

const USERS_PER_STEP = 200

const START: UserKey = { accountId: '', id: '' }

/**
 * Adds folded names and emails to the next users that have none. `position` is '' to start, or what the last call returned;
 * null is returned after the last user.
 */
export async function foldUsers(directory: DirectoryDb, position: string): Promise<string | null> {
  const after = position === '' ? START : (JSON.parse(position) as UserKey)
  const found = await directory.all(findUsersAfter(after, USERS_PER_STEP))
  const unfolded = found.filter(({ kind, folded_name }) => kind === 'person' && folded_name === null)
  await directory.execute(unfolded.map(foldUser))
  const last = found.at(-1)
  return last && found.length === USERS_PER_STEP ? JSON.stringify({ accountId: last.account_id, id: last.id }) : null
}

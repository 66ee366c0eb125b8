import type { Bindings } from '../core/config'
import { openDirectory } from '../db/client'
import { findUsersAfter, foldUser, type UserKey } from './backfill.queries'

const USERS_PER_STEP = 200

const START: UserKey = { accountId: '', id: '' }

/**
 * Adds folded names and emails to the next users that have none. `position` is '' to start, or what the last call returned;
 * null is returned after the last user.
 */
export async function foldUsers(env: Pick<Bindings, 'DB'>, position: string): Promise<string | null> {
  const directory = openDirectory(env)
  const after = position === '' ? START : (JSON.parse(position) as UserKey)
  const found = await directory.all(findUsersAfter(after, USERS_PER_STEP))
  const unfolded = found.filter(({ kind, folded_name }) => kind === 'person' && folded_name === null)
  if (unfolded.length > 0)
    await directory.batch(Object.fromEntries(unfolded.map((user, index) => [index, foldUser(user)])))
  const last = found.at(-1)
  return last && found.length === USERS_PER_STEP ? JSON.stringify({ accountId: last.account_id, id: last.id }) : null
}

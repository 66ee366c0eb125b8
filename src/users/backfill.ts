import type { Bindings } from '../core/config'
import { openDirectory } from '../db/client'
import { findUsersAfter, foldUser, type UserKey } from './backfill.queries'

const USERS_PER_STEP = 200
const STEPS_PER_SWEEP = 10

const START: UserKey = { accountId: '', id: '' }

/**
 * Adds folded names and emails to users that have none. `position` is '' to start, or what the last call returned; null is
 * returned after the last user.
 */
export async function foldUsers(env: Bindings, position: string): Promise<string | null> {
  const directory = openDirectory(env)
  let after = position === '' ? START : (JSON.parse(position) as UserKey)
  for (let step = 0; step < STEPS_PER_SWEEP; step += 1) {
    const found = await directory.all(findUsersAfter(after, USERS_PER_STEP))
    const unfolded = found.filter(({ kind, folded_name }) => kind === 'person' && folded_name === null)
    if (unfolded.length > 0)
      await directory.batch(Object.fromEntries(unfolded.map((user, index) => [index, foldUser(user)])))
    const last = found.at(-1)
    if (!last || found.length < USERS_PER_STEP) return null
    after = { accountId: last.account_id, id: last.id }
  }
  return JSON.stringify(after)
}

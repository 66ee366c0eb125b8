import type { Bindings } from '../core/config'
import { openDirectory } from '../db/client'
import { findUnlockRow } from './queries'

/** When (ms) the operator last unlocked an e-mail, null for never. Throws `DbError`. */
export async function findUnlock(env: Pick<Bindings, 'DB'>, emailKey: string): Promise<number | null> {
  return (await openDirectory(env).first(findUnlockRow(emailKey)))?.unlocked_at ?? null
}

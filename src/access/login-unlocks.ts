import type { Bindings } from '../core/config'
import { openDirectory } from '../db/client'
import { findUnlockRow } from './queries'

/** When (ms) the operator last unlocked the logins of an email address; null for never. Throws `DbError`. */
export async function findUnlockTime(env: Pick<Bindings, 'DB'>, emailNormalized: string): Promise<number | null> {
  return (await openDirectory(env).first(findUnlockRow(emailNormalized)))?.unlocked_at ?? null
}

import type { Bindings } from '../core/config'
import { unavailable } from '../core/errors'
import { withDeadline } from '../lib/deadline'
import { asciiLower } from '../lib/text'

/** A static asset, because it would enlarge the bundle. Assets have no host. */
const LIST = 'https://assets.invalid/passwords/common.txt'

/** Whether a password is one of the 10,000 most common ones, whatever the case of its letters. Throws 503. */
export async function isCommonPassword({ ASSETS }: Pick<Bindings, 'ASSETS'>, password: string): Promise<boolean> {
  const list = await readList(ASSETS).catch((error) => {
    throw unavailable(error)
  })
  return list.split('\n').includes(asciiLower(password))
}

async function readList(assets: Fetcher): Promise<string> {
  const response = await withDeadline(assets.fetch(LIST))
  if (!response.ok) throw new Error(`The list of common passwords has the status ${response.status}`)
  return withDeadline(response.text())
}

import { deriveKeys } from '../../src/core/keys.ts'
import { appSecrets } from '../../src/db/schema/accounts.ts'
import { sql } from '../../src/db/sql.ts'
import { select } from '../../src/db/statement.ts'
import { insertSelect } from '../../src/db/write.ts'
import { deriveKey } from '../../src/lib/crypto.ts'
import { toWireTime } from '../../src/lib/time.ts'
import { sqlText } from '../lib/sql-text.ts'
import { countStale, moveCiphertexts, type Run } from './ciphertexts.ts'

const NAME_CHARACTERS = 12

/** Secrets belong to a version of the Worker. */
const DEPLOY_FIRST =
  'Delete it only after a deployment that followed the rotation: a rollback to an older one would restore the old APP_SECRET.'

/** Webhooks that the report names. */
const NAMES_SHOWN = 10

export interface SecretSettings {
  current: string
  previous: string | null
  tokenTtlSeconds: number
}

/**
 * Encrypts stored secrets with the current key, and reports when the previous key can be removed. Tokens expire; API
 * keys are looked up in the database instead.
 */
export async function reencrypt(run: Run, settings: SecretSettings, now: number): Promise<string> {
  const { current, previous, tokenTtlSeconds } = settings
  const keys = {
    current: deriveKeys(current).webhooks,
    previous: previous === null ? null : deriveKeys(previous).webhooks,
  }
  const { moved, lost } = await moveCiphertexts(run, keys, now)
  const name = nameOf(current)
  const isKnown = sql`${appSecrets} WHERE ${appSecrets.name} = ${name}`
  const [, known = []] = await run(
    sqlText(insertSelect(appSecrets, { name, knownSince: now }, sql`WHERE NOT EXISTS (SELECT 1 FROM ${isKnown})`)),
    sqlText(select({ known_since: appSecrets.knownSince }, sql`FROM ${isKnown}`)),
  )
  const since = Number(known[0]?.known_since ?? now)
  const left = await countStale(run, keys.current)
  return [
    `Stored ciphertexts: ${moved} moved, ${left} left.`,
    ...(left > 0 ? [whyLeft(lost)] : []),
    `APP_SECRET is known since ${toWireTime(since)}: run this as soon as it is deployed, because the waiting time starts here.`,
    ...(previous === null
      ? ['There is no APP_SECRET_PREVIOUS.']
      : [
          describePreviousSecret(left, since + tokenTtlSeconds * 1_000, now),
          'API keys remain valid without it.',
          DEPLOY_FIRST,
        ]),
  ].join('\n')
}

/** Identifies a secret without revealing it. */
function nameOf(secret: string): string {
  return deriveKey(secret, 'name').toString('hex').slice(0, NAME_CHARACTERS)
}

function whyLeft(lost: string[]): string {
  if (lost.length === 0) return 'The rest was stored in the meantime, under the previous secret: run this again.'
  const more = lost.length > NAMES_SHOWN ? ` and ${lost.length - NAMES_SHOWN} more` : ''
  return [
    `Neither secret decrypts the stored secrets of ${lost.slice(0, NAMES_SHOWN).join(', ')}${more}.`,
    'Set APP_SECRET_PREVIOUS to the secret that does, or rotate the signing secrets of these webhooks, and run this again.',
  ].join('\n')
}

function describePreviousSecret(left: number, removableAt: number, now: number): string {
  if (left > 0) return 'Keep APP_SECRET_PREVIOUS while any are left.'
  return removableAt <= now
    ? 'APP_SECRET_PREVIOUS can be deleted: every token it signed has expired.'
    : `APP_SECRET_PREVIOUS can be deleted at ${toWireTime(removableAt)}, when the last token it signed has expired.`
}

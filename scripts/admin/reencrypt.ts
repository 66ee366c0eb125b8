import { deriveKeys } from '../../src/core/keys.ts'
import { deriveKey } from '../../src/lib/crypto.ts'
import { toWireTime } from '../../src/lib/time.ts'
import { countStale, moveCiphertexts, type Run } from './ciphertexts.ts'
import { statement as sql } from './statement.ts'

const NAME_CHARACTERS = 12

/** How many webhooks the report names. */
const NAMED = 10

/** What rotating secrets needs to know of the configuration. */
export interface SecretSettings {
  current: string
  previous: string | null
  tokenTtlSeconds: number
}

/**
 * Moves what is stored to the current secret, and tells when the previous one may go. What else hangs on that are tokens,
 * which end by themselves, and API keys, which are then looked up instead.
 */
export async function reencrypt(run: Run, settings: SecretSettings, now: number): Promise<string> {
  const { current, previous, tokenTtlSeconds } = settings
  const keys = {
    current: deriveKeys(current).webhooks,
    previous: previous === null ? null : deriveKeys(previous).webhooks,
  }
  const { moved, lost } = await moveCiphertexts(run, keys, now)
  const [, known = [], stale = []] = await run(
    sql`INSERT OR IGNORE INTO app_secrets (name, known_since) VALUES (${nameOf(current)}, ${now})`,
    sql`SELECT known_since FROM app_secrets WHERE name = ${nameOf(current)}`,
    countStale(keys.current),
  )
  const since = Number(known[0]?.known_since ?? now)
  const left = Number(stale[0]?.stale)
  return [
    `Stored ciphertexts: ${moved} moved, ${left} left.`,
    ...(left > 0 ? [whyLeft(lost)] : []),
    `APP_SECRET is known since ${toWireTime(since)}: run this once it is deployed, for the clock starts here.`,
    ...(previous === null
      ? ['There is no APP_SECRET_PREVIOUS.']
      : [verdict(left, since + tokenTtlSeconds * 1_000, now), 'API keys stay good without it.']),
  ].join('\n')
}

/** A name for a secret that tells it from others and gives nothing of it away. */
function nameOf(secret: string): string {
  return deriveKey(secret, 'name').toString('hex').slice(0, NAME_CHARACTERS)
}

function whyLeft(lost: string[]): string {
  if (lost.length === 0) return 'What is left was stored meanwhile, under the previous secret: run this again.'
  const more = lost.length > NAMED ? ` and ${lost.length - NAMED} more` : ''
  return [
    `Neither secret opens what is stored of ${lost.slice(0, NAMED).join(', ')}${more}.`,
    'Set APP_SECRET_PREVIOUS to the one that does, or rotate the secret of these webhooks, and run this again.',
  ].join('\n')
}

function verdict(left: number, mayGo: number, now: number): string {
  if (left > 0) return 'APP_SECRET_PREVIOUS may not go while anything is left.'
  return mayGo <= now
    ? 'APP_SECRET_PREVIOUS may go: every token it signed has ended.'
    : `APP_SECRET_PREVIOUS may go at ${toWireTime(mayGo)}, when the last token it signed has ended.`
}

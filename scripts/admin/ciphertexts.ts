import { z } from 'zod'
import { DecryptError, decrypt, keyName } from '../../src/lib/envelope-encryption.ts'
import { encryptionContext, encryptSecret } from '../../src/webhooks/secrets.ts'
import { type ResultRow, statement as sql } from './statement.ts'

/** One statement, of at most 100 KB at D1, and one argument of a command, of at most 128 KiB on Linux. */
const WEBHOOKS_PER_STATEMENT = 100

/** Runs statements in one transaction; returns the rows of each. */
export type Run = (...statements: string[]) => ResultRow[][] | Promise<ResultRow[][]>

interface EncryptionKeys {
  current: Buffer
  previous: Buffer | null
}

const Webhook = z.object({
  account_id: z.string(),
  id: z.string(),
  secret: z.string(),
  previous_secret: z.string().nullable(),
})
type Webhook = z.infer<typeof Webhook>

/** A ciphertext in a webhook's row, and its replacement. */
interface Replacement {
  account_id: string
  id: string
  from: string
  to: string
}

/**
 * Encrypts ciphertexts of the previous key with the current one, a hundred webhooks at a time, and removes expired
 * secrets. Returns the number of changed ciphertexts, and the webhooks with a ciphertext that neither key can decrypt.
 */
export async function moveCiphertexts(run: Run, keys: EncryptionKeys, now: number) {
  const lost: string[] = []
  let moved = 0
  let [, found = []] = await run(deleteExpired(now), findStale(keys.current, '', ''))
  while (found.length > 0) {
    const webhooks = found.map((row) => Webhook.parse(row))
    const reencrypted = await Promise.all(webhooks.map((webhook) => reencryptSecret(webhook, keys)))
    const replacements = reencrypted.flatMap((changedWebhook) => changedWebhook.replacements)
    const { account_id = '', id = '' } = webhooks.at(-1) ?? {}
    const [changed = [], next = []] = await run(replace(replacements), findStale(keys.current, account_id, id))
    const written = new Set(changed.flatMap((row) => [row.secret, row.previous_secret]))
    moved += replacements.filter(({ to }) => written.has(to)).length
    lost.push(...webhooks.filter((_, index) => reencrypted[index]?.isLost).map((webhook) => webhook.id))
    found = next
  }
  return { moved, lost }
}

/** Counts, as `stale`, ciphertexts with another key than the current one. */
export function countStale(current: Buffer): string {
  const prefix = prefixOf(current)
  return sql`
    SELECT count(*) AS stale FROM (
      SELECT secret AS text, deleted_at FROM webhooks UNION ALL SELECT previous_secret, deleted_at FROM webhooks)
    WHERE deleted_at IS NULL AND substr(text, 1, ${prefix.length}) <> ${prefix}`
}

function findStale(current: Buffer, afterAccount: string, afterId: string): string {
  const prefix = prefixOf(current)
  return sql`
    SELECT account_id, id, secret, previous_secret FROM webhooks
    WHERE (account_id, id) > (${afterAccount}, ${afterId}) AND deleted_at IS NULL
      AND (substr(secret, 1, ${prefix.length}) <> ${prefix} OR substr(previous_secret, 1, ${prefix.length}) <> ${prefix})
    ORDER BY account_id, id LIMIT ${WEBHOOKS_PER_STATEMENT}`
}

function prefixOf(key: Buffer): string {
  return `${keyName(key)}.`
}

function deleteExpired(now: number): string {
  return sql`UPDATE webhooks SET previous_secret = NULL, previous_until = NULL WHERE previous_until <= ${now}`
}

async function reencryptSecret(
  { account_id, id, secret, previous_secret }: Webhook,
  { current, previous }: EncryptionKeys,
) {
  const replacements: Replacement[] = []
  let isLost = false
  for (const from of [secret, previous_secret]) {
    if (from === null || from.startsWith(prefixOf(current))) continue
    try {
      const text = await decrypt(previous === null ? [] : [previous], from, encryptionContext(account_id, id))
      replacements.push({ account_id, id, from, to: await encryptSecret(current, account_id, id, text) })
    } catch (error) {
      if (!(error instanceof DecryptError)) throw error
      isLost = true
    }
  }
  return { replacements, isLost }
}

/** Only replaces unchanged ciphertexts: a rotation may have moved one to the previous secret in the meantime. */
function replace(replacements: Replacement[]): string {
  return sql`
    WITH replacement AS MATERIALIZED (
      SELECT value->>'account_id' AS account_id, value->>'id' AS id, value->>'from' AS old, value->>'to' AS new
      FROM json_each(${JSON.stringify(replacements)}))
    UPDATE webhooks SET
      secret = coalesce((SELECT new FROM replacement WHERE old = secret), secret),
      previous_secret = coalesce((SELECT new FROM replacement WHERE old = previous_secret), previous_secret)
    WHERE (account_id, id) IN (SELECT account_id, id FROM replacement)
    RETURNING secret, previous_secret`
}

import type { Column } from 'drizzle-orm'
import { z } from 'zod'
import { webhooks } from '../../src/db/schema/webhooks.ts'
import { listOf, type Row } from '../../src/db/selection.ts'
import { type SQL, sql } from '../../src/db/sql.ts'
import { select } from '../../src/db/statement.ts'
import { update } from '../../src/db/write.ts'
import { DecryptError, decrypt, keyName } from '../../src/lib/envelope-encryption.ts'
import { encryptionContext, encryptSecret } from '../../src/webhooks/secrets.ts'
import { sqlText } from '../lib/sql-text.ts'
import type { ResultRow } from './statement.ts'

/** One statement, of at most 100 KB at D1, and one argument of a command, of at most 128 KiB on Linux. */
const WEBHOOKS_PER_STATEMENT = 100

/** Runs statements in one transaction; returns the rows of each. */
export type Run = (...statements: string[]) => ResultRow[][] | Promise<ResultRow[][]>

interface EncryptionKeys {
  current: Buffer
  previous: Buffer | null
}

const WEBHOOK = {
  account_id: webhooks.accountId,
  id: webhooks.id,
  secret: webhooks.secret,
  previous_secret: webhooks.previousSecret,
}
type Webhook = Row<typeof WEBHOOK>

const Webhook: z.ZodType<Webhook> = z.object({
  account_id: z.string(),
  id: z.string(),
  secret: z.string(),
  previous_secret: z.string().nullable(),
})

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
    const stale = found.map((row) => Webhook.parse(row))
    const reencrypted = await Promise.all(stale.map((webhook) => reencryptSecret(webhook, keys)))
    const replacements = reencrypted.flatMap((changedWebhook) => changedWebhook.replacements)
    const { account_id = '', id = '' } = stale.at(-1) ?? {}
    const [changed = [], next = []] = await run(replace(replacements), findStale(keys.current, account_id, id))
    const written = new Set(changed.flatMap((row) => [row.secret, row.previous_secret]))
    moved += replacements.filter(({ to }) => written.has(to)).length
    lost.push(...stale.filter((_, index) => reencrypted[index]?.isLost).map((webhook) => webhook.id))
    found = next
  }
  return { moved, lost }
}

/** Counts, as `stale`, ciphertexts with another key than the current one. */
export function countStale(current: Buffer): string {
  const prefix = prefixOf(current)
  const { secret, previousSecret, deletedAt } = webhooks
  const texts = sql`SELECT ${secret} AS text, ${deletedAt} FROM ${webhooks}
    UNION ALL SELECT ${previousSecret}, ${deletedAt} FROM ${webhooks}`
  return sqlText(
    select(
      { stale: sql`count(*)` },
      sql`FROM (${texts}) WHERE ${deletedAt} IS NULL AND substr(text, 1, ${prefix.length}) <> ${prefix}`,
    ),
  )
}

function findStale(current: Buffer, afterAccount: string, afterId: string): string {
  const prefix = prefixOf(current)
  const { accountId, id, secret, previousSecret, deletedAt } = webhooks
  const isStale = (text: Column) => sql`substr(${text}, 1, ${prefix.length}) <> ${prefix}`
  return sqlText(
    select(
      WEBHOOK,
      sql`FROM ${webhooks}
        WHERE (${accountId}, ${id}) > (${afterAccount}, ${afterId}) AND ${deletedAt} IS NULL
          AND (${isStale(secret)} OR ${isStale(previousSecret)})
        ORDER BY ${accountId}, ${id} LIMIT ${WEBHOOKS_PER_STATEMENT}`,
    ),
  )
}

function prefixOf(key: Buffer): string {
  return `${keyName(key)}.`
}

function deleteExpired(now: number): string {
  return sqlText(
    update(webhooks, { previousSecret: null, previousUntil: null }, sql`${webhooks.previousUntil} <= ${now}`),
  )
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
  const { accountId, id, secret, previousSecret } = webhooks
  const json = JSON.stringify(replacements)
  const replaced = (column: Column): SQL<string> =>
    sql`coalesce((SELECT new FROM replacement WHERE old = ${column}), ${column})`
  const change = update(
    webhooks,
    { secret: replaced(secret), previousSecret: replaced(previousSecret) },
    sql`(${accountId}, ${id}) IN (SELECT account, webhook FROM replacement)`,
  )
  return sqlText(
    sql`WITH replacement AS MATERIALIZED (
        SELECT value->>'account_id' AS account, value->>'id' AS webhook, value->>'from' AS old, value->>'to' AS new
        FROM json_each(${json}))
      ${change.query} RETURNING ${listOf({ secret, previous_secret: previousSecret })}`,
  )
}

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
 * Encrypts ciphertexts of the previous key with the current one, a range of webhooks at a time, and removes expired secrets.
 * Returns the number of changed ciphertexts, and the webhooks with a ciphertext that neither key can decrypt. It can be
 * interrupted and repeated.
 */
export async function moveCiphertexts(run: Run, keys: EncryptionKeys, now: number) {
  const lost: string[] = []
  let moved = 0
  for await (const page of pagesOf(run, now)) {
    const stale = page.filter((webhook) => staleIn(webhook, keys.current).length > 0)
    if (stale.length === 0) continue
    const reencrypted = await Promise.all(stale.map((webhook) => reencryptSecret(webhook, keys)))
    const replacements = reencrypted.flatMap((changedWebhook) => changedWebhook.replacements)
    const [changed = []] = await run(replace(replacements))
    const written = new Set(changed.flatMap((row) => [row.secret, row.previous_secret]))
    moved += replacements.filter(({ to }) => written.has(to)).length
    lost.push(...stale.filter((_, index) => reencrypted[index]?.isLost).map((webhook) => webhook.id))
  }
  return { moved, lost }
}

/** Counts ciphertexts with another key than the current one. */
export async function countStale(run: Run, current: Buffer): Promise<number> {
  let stale = 0
  for await (const page of pagesOf(run, null)) for (const webhook of page) stale += staleIn(webhook, current).length
  return stale
}

/** All webhooks that are not deleted, without expired secrets if `now` is known. */
async function* pagesOf(run: Run, now: number | null): AsyncGenerator<Webhook[]> {
  const { accountId, id, deletedAt } = webhooks
  let isAfter = sql`true`
  while (true) {
    const page = sql`SELECT * FROM ${webhooks} WHERE ${isAfter} ORDER BY ${accountId}, ${id} LIMIT ${WEBHOOKS_PER_STATEMENT}`
    const found = select({ ...WEBHOOK, deleted_at: deletedAt }, sql`FROM (${page})`)
    const [rows = []] = (await run(...(now === null ? [] : [deleteExpired(now, page)]), sqlText(found))).slice(-1)
    yield rows.filter((row) => row.deleted_at === null).map((row) => Webhook.parse(row))
    const last = rows.at(-1)
    if (!last || rows.length < WEBHOOKS_PER_STATEMENT) return
    isAfter = sql`(${accountId}, ${id}) > (${last.account_id}, ${last.id})`
  }
}

function staleIn({ secret, previous_secret }: Webhook, current: Buffer): string[] {
  return [secret, previous_secret].filter(
    (text): text is string => text !== null && !text.startsWith(prefixOf(current)),
  )
}

function prefixOf(key: Buffer): string {
  return `${keyName(key)}.`
}

function deleteExpired(now: number, page: SQL): string {
  const { accountId, id, previousUntil } = webhooks
  return sqlText(
    update(
      webhooks,
      { previousSecret: null, previousUntil: null },
      sql`(${accountId}, ${id}) IN (SELECT ${accountId}, ${id} FROM (${page})) AND ${previousUntil} <= ${now}`,
    ),
  )
}

async function reencryptSecret(webhook: Webhook, { current, previous }: EncryptionKeys) {
  const { account_id, id } = webhook
  const replacements: Replacement[] = []
  let isLost = false
  for (const from of staleIn(webhook, current)) {
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

import { generateKey, hashKey } from '../access/api-key-format'
import { detail } from '../core/error-details'
import { invalidInput, notFound } from '../core/errors'
import { offsetOf, pageRequest } from '../http/pagination/page'
import { newId } from '../lib/ids'
import { SECOND } from '../lib/time'
import { assertFound, commit, isReplayedRequest } from '../service/commit'
import { rethrow } from '../service/constraint-errors'
import type { ServiceContext } from '../service/context'
import { keyRevoked, tooManyKeys } from './errors'
import { countApiKeys, findApiKey, findApiKeys, findRotated, insertApiKey, revokeApiKey, rotateApiKey } from './queries'
import {
  type CreateApiKeyInput,
  DEFAULT_GRACE_SECONDS,
  type ListApiKeysInput,
  presentApiKey,
  type RotateApiKeyInput,
} from './schema'

/** For users who are admins. Throws 400 for an expiry in the past, and 409 at the plan's limit of active keys. */
export async function createApiKey(ctx: ServiceContext, input: CreateApiKeyInput) {
  const { accountId } = ctx.caller
  const hasExpired = input.expires_at !== undefined && input.expires_at <= ctx.now
  if (hasExpired && !(await isReplayedRequest(ctx)))
    throw invalidInput([detail(['expires_at'], 'invalid_value', 'must be in the future')])
  const id = newId('key', ctx.now)
  const key = generateKey(id, ctx.config.keys.apiKeys)
  const stored = {
    id,
    name: input.name,
    role: input.role ?? 'agent',
    lastFour: key.slice(-4),
    hash: hashKey(key),
    expiresAt: input.expires_at ?? null,
  }
  const reads = { key: findApiKey(accountId, id) }
  const writes = insertApiKey(accountId, stored, ctx.now)
  const { rows, secret } = await commit(ctx, writes, reads, { secret: key }).catch(rethrow)
  const [row] = rows.key
  if (!row) throw tooManyKeys()
  return { ...presentApiKey(row), key: secret }
}

/** For users who are admins. Newest first, including revoked and expired keys. */
export async function listApiKeys({ db, caller }: ServiceContext, input: ListApiKeysInput) {
  const page = pageRequest(input)
  const { count, keys } = await db.batch({
    count: countApiKeys(caller.accountId),
    keys: findApiKeys(caller.accountId, page.perPage, offsetOf(page)),
  })
  return { page, total: count[0]?.total ?? 0, keys: keys.map(presentApiKey) }
}

/** Revokes a key immediately. For users who are admins. Throws 404. */
export async function deleteApiKey(ctx: ServiceContext, id: string): Promise<void> {
  const { accountId } = ctx.caller
  const revoke = () => commit(ctx, [revokeApiKey(accountId, id, ctx.now)], { key: findApiKey(accountId, id) })
  // An unknown ID must not create a Durable Object.
  await assertFound(ctx, findApiKey(accountId, id))
  const { rows } = await ctx.memberCache.withInvalidation({ kind: 'key', id }, revoke).catch(rethrow)
  if (rows.key.length === 0) throw notFound()
}

/**
 * Replaces the secret of a key; the old one stays valid for the grace period. For users who are admins. Throws 404, and 409
 * for a revoked or expired key.
 */
export async function rotateKey(ctx: ServiceContext, id: string, input: RotateApiKeyInput) {
  const { accountId } = ctx.caller
  const key = generateKey(id, ctx.config.keys.apiKeys)
  const grace = (input.grace_seconds ?? DEFAULT_GRACE_SECONDS) * SECOND
  const secret = { hash: hashKey(key), lastFour: key.slice(-4), previousUntil: grace > 0 ? ctx.now + grace : null }
  const rotate = () =>
    commit(
      ctx,
      [rotateApiKey(accountId, id, secret, ctx.now)],
      { rotated: findRotated(accountId, id, secret.hash), key: findApiKey(accountId, id) },
      { secret: key },
    )
  // An unknown ID must not create a Durable Object.
  await assertFound(ctx, findApiKey(accountId, id))
  const committed = await ctx.memberCache.withInvalidation({ kind: 'key', id }, rotate).catch(rethrow)
  const {
    rotated,
    key: [row],
  } = committed.rows
  if (!row) throw notFound()
  if (rotated.length === 0) throw keyRevoked()
  return { ...presentApiKey(row), key: committed.secret }
}

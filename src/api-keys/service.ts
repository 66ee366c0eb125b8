import { hashKey, makeKey } from '../access/api-key-format'
import { detail } from '../core/error-details'
import { invalidInput, notFound } from '../core/errors'
import { offsetOf, pageRequest } from '../http/pagination/page'
import { newId } from '../lib/ids'
import { SECOND } from '../lib/time'
import { commit, isReplayedRequest, readBeforeWrite } from '../service/commit'
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

/**
 * Makes a key, whose secret only this answer shows. For admins who are people. Throws 400 for an end that lies behind, 409
 * at the plan's limit.
 */
export async function createApiKey(ctx: ServiceContext, input: CreateApiKeyInput) {
  const { accountId } = ctx.caller
  const isOver = input.expires_at !== undefined && input.expires_at <= ctx.now
  if (isOver && !(await isReplayedRequest(ctx)))
    throw invalidInput([detail(['expires_at'], 'must be an RFC 3339 time or a date that lies ahead')])
  const id = newId('key', ctx.now)
  const key = makeKey(id, ctx.config.keys.apiKeys)
  const stored = {
    id,
    name: input.name,
    role: input.role ?? 'agent',
    lastFour: key.slice(-4),
    hash: hashKey(key),
    expiresAt: input.expires_at ?? null,
  }
  const { rows, secret } = await commit(ctx, insertApiKey(accountId, stored, ctx.now), [findApiKey(accountId, id)], {
    secret: key,
  }).catch(rethrow)
  const [[row]] = rows
  if (!row) throw tooManyKeys()
  return { ...presentApiKey(row), key: secret }
}

/** A page of the account's keys, without their secrets, newest first. For admins who are people. */
export async function listApiKeys({ db, caller }: ServiceContext, input: ListApiKeysInput) {
  const page = pageRequest(input)
  const [[count], found] = await db.batch([
    countApiKeys(caller.accountId),
    findApiKeys(caller.accountId, page.perPage, offsetOf(page)),
  ])
  return { page, total: count?.total ?? 0, keys: found.map(presentApiKey) }
}

/** Ends a key at once. For admins who are people. Throws 404. */
export async function deleteApiKey(ctx: ServiceContext, id: string): Promise<void> {
  const { accountId } = ctx.caller
  const revoke = () => commit(ctx, [revokeApiKey(accountId, id, ctx.now)], [findApiKey(accountId, id)])
  await mustExist(ctx, id)
  const { rows } = await ctx.credentials.withInvalidation({ kind: 'key', id }, revoke).catch(rethrow)
  if (!rows[0][0]) throw notFound()
}

/**
 * Gives a key a new secret, which only this answer shows; the old one stays good for the grace. For admins who are
 * people. Throws 404, and 409 for a key that has ended.
 */
export async function rotateKey(ctx: ServiceContext, id: string, input: RotateApiKeyInput) {
  const { accountId } = ctx.caller
  const key = makeKey(id, ctx.config.keys.apiKeys)
  const grace = (input.grace_seconds ?? DEFAULT_GRACE_SECONDS) * SECOND
  const secret = { hash: hashKey(key), lastFour: key.slice(-4), previousUntil: grace > 0 ? ctx.now + grace : null }
  const rotate = () =>
    commit(
      ctx,
      [rotateApiKey(accountId, id, secret, ctx.now)],
      [findRotated(accountId, id, secret.hash), findApiKey(accountId, id)],
      { secret: key },
    )
  await mustExist(ctx, id)
  const committed = await ctx.credentials.withInvalidation({ kind: 'key', id }, rotate).catch(rethrow)
  const [[rotated], [row]] = committed.rows
  if (!row) throw notFound()
  if (!rotated) throw keyRevoked()
  return { ...presentApiKey(row), key: committed.secret }
}

/** An ID that is no key's must not make a Durable Object. */
async function mustExist(ctx: ServiceContext, id: string): Promise<void> {
  const before = await readBeforeWrite(ctx, [findApiKey(ctx.caller.accountId, id)])
  if (before && !before[0][0]) throw notFound()
}

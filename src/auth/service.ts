import type { z } from '@hono/zod-openapi'
import { issueToken } from '../access/tokens'
import type { Bindings } from '../core/config'
import { forbidden, invalidCredentials } from '../core/errors'
import type { Role } from '../core/policy'
import { openAccount, openDirectory } from '../db/client'
import { countActiveWebhooks } from '../db/outbox'
import { newId } from '../lib/ids'
import { hashPassword, verifyPassword } from '../lib/passwords'
import { retryTransient } from '../lib/retry'
import { asciiLower } from '../lib/text'
import { SECOND, toWireTime } from '../lib/time'
import { rethrow } from '../service/constraint-errors'
import type { PublicContext, ServiceContext } from '../service/context'
import { newUserStatements, rejectCommonPassword, rejectKnownPassword, rethrowUserConstraint } from '../users/service'
import { registrationClosed } from './errors'
import {
  type CandidateRow,
  deleteExpiredTokens,
  findAccountsWithExpiredTokens,
  findCandidates,
  findOpenAccount,
  MAX_CANDIDATES,
  recordLogin,
  revokeToken,
} from './queries'
import type { LoginBody, LoginResult, RegisterBody } from './schema'

export {
  findMemberState,
  type MemberName,
  type MemberState,
  type RevokedToken,
  touchApiKey,
} from '../access/member-state'
export { newUserLogin } from './examples'
export { LoginResult } from './schema'

const ACCOUNTS_PER_SWEEP = 100

/**
 * Issues a token. Throws 429, before any hashing, after too many failures of the email or IP address. Throws 401
 * `invalid_credentials`, after the same work, for an unknown email, a wrong password, an inactive user, and an email and
 * password that match in two accounts.
 */
export async function login(
  ctx: PublicContext,
  input: z.infer<typeof LoginBody>,
): Promise<z.infer<typeof LoginResult>> {
  const emailNormalized = asciiLower(input.email)
  const found = await ctx.directory.all(findCandidates(emailNormalized, input.account))
  const candidates = found.map((row) => ({ ...row, accountId: row.account_id }))
  const user = await ctx.throttle.guardPasswordCheck(emailNormalized, candidates, async (allowed) => {
    const matching = await findOnlyMatch(input, allowed)
    const { accountId, id, token_version: tokenVersion } = matching
    const recorded = await ctx.openAccount(accountId).first(recordLogin(accountId, id, tokenVersion, ctx.now))
    if (!recorded) throw invalidCredentials()
    return matching
  })
  return presentLogin(ctx, user.accountId, user)
}

/**
 * The number of hash operations depends only on whether the request names an account, so that the time reveals nothing about
 * the users with the email. Throws 401 `invalid_credentials`.
 */
async function findOnlyMatch<T extends CandidateRow>(
  { password, account }: z.infer<typeof LoginBody>,
  candidates: readonly T[],
): Promise<T> {
  const operations = account === undefined ? MAX_CANDIDATES : 1
  const matches: T[] = []
  for (let index = 0; index < operations; index += 1) {
    const candidate = candidates[index]
    const isMatch = await verifyPassword(password, candidate?.password_hash ?? null)
    if (candidate && isMatch) matches.push(candidate)
  }
  const [match] = matches
  if (!match || matches.length > 1) throw invalidCredentials()
  return match
}

/** Issues a token for a user whose identity was verified. */
export async function presentLogin(
  ctx: PublicContext,
  accountId: string,
  user: { id: string; name: string; email: string; role: Role; token_version: number },
): Promise<z.infer<typeof LoginResult>> {
  const { id, name, email, role, token_version: gen } = user
  const member = { sub: id, acc: accountId, role, gen }
  const { token, expiresAt } = await issueToken(member, ctx.config.keys.tokens, ctx.now, ctx.config.tokenTtlSeconds)
  return { token, expires_at: toWireTime(expiresAt * SECOND), user: { id, name, email, role } }
}

/**
 * Adds a customer to an account that is open for registration, and logs it in. Throws 429 after five registrations per hour
 * from an IP address, the same 403 for an unknown account and a closed one, and 409 for an email in use.
 */
export async function register(ctx: PublicContext, input: z.infer<typeof RegisterBody>) {
  rejectKnownPassword('password', input.password, { email: input.email, slug: input.account })
  await rejectCommonPassword(ctx, 'password', input.password)
  await ctx.throttle.countRegistration()
  const passwordHash = await hashPassword(input.password)
  const account = await ctx.directory.first(findOpenAccount(input.account))
  if (!account) throw registrationClosed()
  const newUser = newUserStatements({
    accountId: account.id,
    id: newId('user', ctx.now),
    name: input.name,
    email: input.email,
    emailVerified: false,
    role: 'customer',
    passwordHash,
    lastLoginAt: ctx.now,
    eventId: newId('evt', ctx.now),
    now: ctx.now,
  })
  const {
    activeWebhooks: [activeWebhooks],
  } = await ctx
    .openAccount(account.id)
    .change(newUser.statements, { activeWebhooks: countActiveWebhooks(account.id) })
    .catch(rethrowUserConstraint)
  await ctx.throttle.trustAddress(asciiLower(input.email), { accountId: account.id, id: newUser.user.id })
  ctx.notifyConsumer(account.id, activeWebhooks)
  return presentLogin(ctx, account.id, newUser.user)
}

/** Revokes the token of the request, and after too many logouts of the user all its tokens. Throws 403 for an API key. */
export async function logout(ctx: ServiceContext): Promise<void> {
  const { accountId, id, token } = ctx.caller
  if (!token) throw forbidden()
  const revoked = { id: token.id, expiresAt: token.expiresAt * SECOND }
  const commit = () => ctx.db.change(revokeToken(accountId, id, revoked, ctx.now), {})
  await ctx.memberCache.withInvalidation({ kind: 'person', id }, commit).catch(rethrow)
}

/** Deletes the records of revoked tokens that have expired, of at most 100 accounts. */
export async function sweepTokens(env: Bindings, now: number): Promise<void> {
  const accounts = await openDirectory(env).all(findAccountsWithExpiredTokens(now, ACCOUNTS_PER_SWEEP))
  for (const { account_id } of accounts)
    await retryTransient(() => openAccount(env, account_id).all(deleteExpiredTokens(account_id, now)))
}

import type { z } from '@hono/zod-openapi'
import { type DbCosts, openAccount, openDirectory } from '../db/client'
import type { Bindings, Config } from '../env'
import { invalidCredentials, invalidInput } from '../http/errors'
import { detail } from '../http/validation'
import { asciiLower } from '../lib/text'
import { SECOND, toWireTime } from '../lib/time'
import type { Role } from '../roles'
import { verifyPassword } from './passwords'
import { findFacts, findLogins, noteLogin } from './queries'
import type { LoginAnswer, LoginBody } from './schema'
import { issueToken, readToken } from './tokens'

/** A credential whose signature holds; whether it still counts is for the caller's Durable Object to say. */
export interface Credential {
  claim: { accountId: string; memberId: string; generation: number }
  /** The role the credential names, if it names one. It may be out of date. */
  claimedRole: Role | null
}

/** What a Durable Object keeps of its member. */
export interface CallerFacts {
  active: boolean
  role: Role
  plan: 'standard' | 'premium'
  generation: number
}

/**
 * The credential of a request, or null where there is none or a bad one. Throws 400 for two different ones at once.
 */
export async function identify(headers: Headers, config: Config): Promise<Credential | null> {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.get('Authorization') ?? '')?.[1]
  const apiKey = headers.get('X-API-Key')
  if (bearer && apiKey && bearer !== apiKey)
    throw invalidInput([detail(['X-API-Key'], 'must not come beside another credential')])
  const claims = bearer ? await readToken(bearer, config.keys.tokens) : null
  if (!claims) return null
  return { claim: { accountId: claims.acc, memberId: claims.sub, generation: claims.gen }, claimedRole: claims.role }
}

/** What D1 knows of a member, or null where it has gone. For the member's Durable Object. Throws `DbError`. */
export async function findCallerFacts(
  env: Pick<Bindings, 'DB'>,
  accountId: string,
  memberId: string,
): Promise<CallerFacts | null> {
  const row = await openAccount(env, accountId).first(findFacts(accountId, memberId))
  if (!row) return null
  return { active: row.status === 'active', role: row.role, plan: row.plan, generation: row.credential_generation }
}

/**
 * Exchanges an e-mail and a password for a token. Anybody may call it. Throws 401 `invalid_credentials`, after the same
 * work, for an unknown e-mail, a wrong password, an inactive user and an e-mail that several accounts know.
 */
export async function login(
  env: Bindings,
  config: Config,
  costs: DbCosts,
  now: number,
  input: z.infer<typeof LoginBody>,
): Promise<z.infer<typeof LoginAnswer>> {
  const found = await openDirectory(env, costs).all(findLogins(asciiLower(input.email), input.account))
  const user = found.length === 1 && found[0]?.status === 'active' ? found[0] : undefined
  const matches = await verifyPassword(input.password, user?.password_hash ?? null)
  if (!user || !matches) throw invalidCredentials()
  const { account_id, id, name, email, role, credential_generation } = user
  const noted = await openAccount(env, account_id, costs).first(noteLogin(account_id, id, credential_generation, now))
  if (!noted) throw invalidCredentials()
  const member = { sub: id, acc: account_id, role, gen: credential_generation }
  const { token, expiresAt } = await issueToken(member, config.keys.tokens, now, config.tokenTtlSeconds)
  return { token, expires_at: toWireTime(expiresAt * SECOND), user: { id, name, email, role } }
}

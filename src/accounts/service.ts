import { presentLogin } from '../auth/service'
import { notFound } from '../core/errors'
import { newId } from '../lib/ids'
import { hashPassword } from '../lib/passwords'
import { asciiLower } from '../lib/text'
import { commit } from '../service/commit'
import { rethrow } from '../service/constraint-errors'
import type { PublicContext, ServiceContext } from '../service/context'
import { newUserStatements } from '../users/service'
import { signupClosed } from './errors'
import { findAccount, insertAccount, updateAccount } from './queries'
import { type CreateAccountInput, presentAccount, type UpdateAccountInput } from './schema'
import { slugOf } from './slug'

/**
 * Creates an account with its first admin, and logs the admin in. Without credentials. Throws 403 if the operator has closed
 * signup, and 429 after five registrations per hour from an IP address.
 */
export async function createAccount(ctx: PublicContext, input: CreateAccountInput) {
  if (!ctx.config.allowSignup) throw signupClosed()
  await ctx.throttle.countRegistration()
  const id = newId('acct', ctx.now)
  const account = { id, name: input.account_name, slug: slugOf(input.account_name), suffix: id.slice(-8) }
  const admin = newUserStatements({
    accountId: id,
    id: newId('user', ctx.now),
    name: input.name,
    email: input.email,
    emailVerified: false,
    role: 'admin',
    passwordHash: await hashPassword(input.password),
    lastLoginAt: ctx.now,
    eventId: null,
    now: ctx.now,
  })
  await ctx
    .openAccount(id)
    .change([...insertAccount(account, ctx.now), ...admin.statements], {})
    .catch(rethrow)
  await ctx.throttle.trustAddress(asciiLower(input.email), { accountId: id, id: admin.user.id })
  return presentLogin(ctx, id, admin.user)
}

/** For admins. Throws 404. */
export async function getAccount({ caller, db }: ServiceContext) {
  const row = await db.first(findAccount(caller.accountId))
  if (!row) throw notFound()
  return presentAccount(row)
}

/** For admins; only the operator changes the plan. Throws 404. */
export async function changeAccount(ctx: ServiceContext, input: UpdateAccountInput) {
  const { accountId } = ctx.caller
  const change = { name: input.name, allowRegistration: input.allow_registration }
  const writes = [updateAccount(accountId, change)]
  const { rows } = await commit(ctx, writes, { account: findAccount(accountId) }).catch(rethrow)
  const [row] = rows.account
  if (!row) throw notFound()
  return presentAccount(row)
}

import { type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../core/caller'
import { type Role, rolesAtLeast } from '../core/policy'
import type { Statement } from './statement'

/** Why a caller may not write any more: the credential is no longer valid, or the role was lowered since the request began. */
export type CallerProblem = 'credential' | 'role'

/**
 * What is wrong with the caller at `now` (ms) by the committed rows, as an SQL expression that gives a `CallerProblem`, or ''
 * where nothing is. It reads up to two rows.
 */
export function callerProblem(caller: Caller, now: number): SQL {
  const { kind, token, keyHash } = caller
  if (kind === 'key') return problemOfKey(caller, keyHash, now)
  return token.expiresAt * 1_000 <= now ? sql`'credential'` : problemOfUser(caller, token)
}

/** What is wrong with the caller now, as a row of a batch that reads on the caller's behalf. */
export function verifyCaller(caller: Caller): Statement<{ problem: CallerProblem | '' }> {
  return { query: sql`SELECT ${callerProblem(caller, Date.now())} AS problem` }
}

/** Ends its batch with `refused: credential` or `refused: role` where something is wrong with the caller. */
export function assertCaller(caller: Caller, now: number): SQL {
  return sql`INSERT INTO guards (rule) SELECT rule FROM (SELECT ${callerProblem(caller, now)} AS rule) WHERE rule <> ''`
}

function problemOfUser({ accountId, id, role }: Caller, token: { id: string; tokenVersion: number }): SQL {
  return sql`coalesce((SELECT CASE
      WHEN u.status <> 'active' OR NOT (u.credential_generation = ${token.tokenVersion} OR u.spared_token IS ${token.id})
        THEN 'credential'
      WHEN EXISTS (SELECT 1 FROM revoked_tokens
        WHERE account_id = ${accountId} AND user_id = ${id} AND token_id = ${token.id}) THEN 'credential'
      WHEN ${isLowered(role)} THEN 'role' ELSE '' END
    FROM users u WHERE u.account_id = ${accountId} AND u.id = ${id} AND u.kind = 'person'), 'credential')`
}

function problemOfKey({ accountId, id, role }: Caller, hash: string, now: number): SQL {
  return sql`coalesce((SELECT CASE
      WHEN k.revoked_at IS NOT NULL OR k.expires_at <= ${now}
        OR NOT (k.hash = ${hash} OR k.previous_hash IS ${hash} AND k.previous_until > ${now}) THEN 'credential'
      WHEN ${isLowered(role)} THEN 'role' ELSE '' END
    FROM api_keys k JOIN users u ON u.account_id = k.account_id AND u.id = k.id
    WHERE k.account_id = ${accountId} AND k.id = ${id}), 'credential')`
}

function isLowered(role: Role): SQL {
  const allowed = rolesAtLeast(role).map((each) => sql`${each}`)
  return sql`u.role NOT IN (${sql.join(allowed, sql`, `)})`
}

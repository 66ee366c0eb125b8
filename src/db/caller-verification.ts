import type { Caller } from '../core/caller'
import { type Role, rolesAtLeast } from '../core/policy'
import { alias } from './alias'
import { apiKeys, batchAssertions, revokedTokens, users } from './schema/accounts'
import { type SQL, sql } from './sql'
import { select } from './statement'
import { insertSelect } from './write'

/** Why a caller may no longer write: the credential is not valid, or the role was lowered since the request began. */
export type CallerProblem = 'credential' | 'role'

const u = alias(users, 'u')
const k = alias(apiKeys, 'k')

type CallerOf<Kind> = Extract<Caller, { kind: Kind }>

/** A new kind of member needs a check of its own. */
const PROBLEM_BY_KIND: {
  [Kind in (typeof users)['$inferSelect']['kind']]: (caller: CallerOf<Kind>, now: number) => SQL<CallerProblem | ''>
} = { person: problemOfUser, key: problemOfKey }

/** The problem with the caller at `now` (ms) by the committed rows, '' for none. It reads up to two rows. */
export function callerProblem(caller: Caller, now: number): SQL<CallerProblem | ''> {
  return caller.kind === 'key' ? PROBLEM_BY_KIND.key(caller, now) : PROBLEM_BY_KIND.person(caller, now)
}

/** For a batch that reads for the caller. */
export function verifyCaller(caller: Caller, now: number) {
  return select({ problem: callerProblem(caller, now) }, sql``)
}

/** Aborts its batch with `refused: credential` or `refused: role` if there is a problem with the caller. */
export function assertCaller(caller: Caller, now: number) {
  const { rule } = batchAssertions
  const found = sql`FROM (SELECT ${callerProblem(caller, now)} AS ${rule}) WHERE ${rule} <> ''`
  return insertSelect(batchAssertions, { rule }, found)
}

function problemOfUser({ accountId, id, role, token }: CallerOf<'person'>, now: number) {
  if (token.expiresAt * 1_000 <= now) return sql<CallerProblem | ''>`'credential'`
  return sql<CallerProblem | ''>`coalesce((SELECT CASE
      WHEN ${u.status} <> 'active' OR NOT (${u.tokenVersion} = ${token.tokenVersion} OR ${u.exemptTokenId} IS ${token.id})
        THEN 'credential'
      WHEN EXISTS (SELECT 1 FROM ${revokedTokens} WHERE ${revokedTokens.accountId} = ${accountId}
        AND ${revokedTokens.userId} = ${id} AND ${revokedTokens.tokenId} = ${token.id}) THEN 'credential'
      WHEN ${isLowered(role)} THEN 'role' ELSE '' END
    FROM ${u} WHERE ${u.accountId} = ${accountId} AND ${u.id} = ${id} AND ${u.kind} = 'person'), 'credential')`
}

function problemOfKey({ accountId, id, role, keyHash: hash }: CallerOf<'key'>, now: number) {
  return sql<CallerProblem | ''>`coalesce((SELECT CASE
      WHEN ${k.revokedAt} IS NOT NULL OR ${k.expiresAt} <= ${now}
        OR NOT (${k.hash} = ${hash} OR ${k.previousHash} IS ${hash} AND ${k.previousUntil} > ${now}) THEN 'credential'
      WHEN ${isLowered(role)} THEN 'role' ELSE '' END
    FROM ${k} JOIN ${u} ON ${u.accountId} = ${k.accountId} AND ${u.id} = ${k.id}
    WHERE ${k.accountId} = ${accountId} AND ${k.id} = ${id}), 'credential')`
}

function isLowered(role: Role): SQL {
  const allowed = rolesAtLeast(role).map((each) => sql`${each}`)
  return sql`${u.role} NOT IN (${sql.join(allowed, sql`, `)})`
}

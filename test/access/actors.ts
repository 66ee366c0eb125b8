import { type ApiOperation, accessOf } from '../helpers/operations'

export const ACTORS = ['admin', 'agent', 'customer', 'admin key', 'agent key'] as const
export type Actor = (typeof ACTORS)[number]

/**
 * Roles that pass the role check of an operation, but may not send the sample request. Agents may read every user, so a
 * change of another user is a 403 instead of a 404.
 */
export const FORBIDDEN_BY_SERVICE: Record<string, Actor[]> = { updateUser: ['agent', 'agent key'] }

/** Null for public operations. */
export function allowedActors(operation: ApiOperation): Actor[] | null {
  const { roles, apiKeys } = accessOf(operation)
  if (roles === null) return null
  const forbidden = FORBIDDEN_BY_SERVICE[operation.operationId] ?? []
  const isLetIn = (actor: Actor) => roles.some((role) => actor === role || (apiKeys && actor === `${role} key`))
  return ACTORS.filter((actor) => isLetIn(actor) && !forbidden.includes(actor))
}

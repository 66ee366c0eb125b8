import { dirname, relative } from 'node:path'
import { ts } from 'ts-morph'
import type { Mutation } from './mutation.ts'
import { Query } from './query/inside.ts'
import { propertyOf, type Sources } from './query/sources.ts'

/** Names of the source: the guards that take roles, and the constants of the roles from which each widens. */
const GUARD = 'requireRole'
const USERS_ONLY = 'requireUser'
const WIDER: Record<string, string> = { ADMINS: 'STAFF', STAFF: 'EVERYONE' }
/** The service rejects API keys itself, because they have no token to revoke. */
const REFUSES_KEYS_ITSELF = new Set(['logout'])
const TESTS = ['test/access/roles.test.ts']

interface Guard {
  operation: string
  file: string
  kind: string
  roles: string
}

/**
 * Mutations that let one more role, or API keys, through the guard of a route. The test of a route has the operation in
 * its name, so that all guards are weakened in the same way in one run.
 */
export function guardMutations(sources: Sources): Mutation[] {
  const [roles, guards] = [sources.declaration('STAFF').file, sources.declaration(GUARD).file]
  return guardsOf(sources).flatMap(({ operation, file, kind, roles: admitted }) => {
    const imports = {
      [file]: `import * as mutationRoles from '${pathTo(roles, file)}'\nimport * as mutationGuards from '${pathTo(guards, file)}'\n`,
    }
    const weakened = (run: string, replacement: string): Mutation => ({
      edits: [new Query({ operation }).property('guard').value().replaceWith(replacement)],
      tests: TESTS,
      shared: { run, failing: operation },
      imports,
    })
    const wider = WIDER[admitted]
    return [
      ...(wider ? [weakened('guards of a wider role', `${kind}([...$1, ...mutationRoles.${wider}])`)] : []),
      ...(kind === USERS_ONLY && !REFUSES_KEYS_ITSELF.has(operation)
        ? [weakened('guards that admit API keys', `mutationGuards.${GUARD}($1)`)]
        : []),
    ]
  })
}

function guardsOf(sources: Sources): Guard[] {
  return sources.routes().flatMap(({ operation, file, node }) => {
    const guard = propertyOf(node, 'guard')
    if (!guard || !ts.isCallExpression(guard) || guard.arguments.length !== 1) return []
    const [kind, roles] = [guard.expression.getText(), guard.arguments[0]?.getText() ?? '']
    return kind === GUARD || kind === USERS_ONLY ? [{ operation, file, kind, roles }] : []
  })
}

function pathTo(module: string, from: string): string {
  const path = relative(dirname(from), module).replace(/\.ts$/, '')
  return path.startsWith('.') ? path : `./${path}`
}

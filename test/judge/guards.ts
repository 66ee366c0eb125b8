import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Mutation } from './mutation.ts'

/** The guards of the routes, each weakened by one step. */

const GUARD = /operationId: '(\w+)',(?:(?!operationId)[\s\S])*?guard: (guard|personGuard)\((\w+)\),/g
const WIDER: Record<string, string> = { ADMINS: 'STAFF', STAFF: 'EVERYONE' }
/** Where the service itself refuses API keys: one has no token to give back. */
const REFUSES_KEYS_ITSELF = new Set(['logout'])
const TESTS = ['test/access/roles.test.ts']
/** Under names of its own. */
const IMPORTS = `import * as judged from '../roles'
import * as judgedGuard from '../rate-limiting/middleware'
`

/**
 * Mutations that let in one role more, and those that let in API keys. Each route is judged by the test that bears its
 * operation's name, so that all guards of a kind can be weakened in one run.
 */
export function guardMutations(root: string): Mutation[] {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  return files
    .filter((name) => name.endsWith('routes.ts'))
    .toSorted()
    .flatMap((name) => ofFile(readFileSync(join(root, 'src', name), 'utf8'), `src/${name}`))
}

function ofFile(source: string, file: string): Mutation[] {
  return [...source.matchAll(GUARD)].flatMap(([text, operation = '', kind = '', roles = '']) => {
    const weakened = (guard: string, run: string): Mutation => ({
      file,
      text,
      becomes: text.replace(/guard: .*$/, `guard: ${guard},`),
      tests: TESTS,
      noticed: operation,
      run,
      imports: IMPORTS,
    })
    const wider = WIDER[roles]
    return [
      ...(wider ? [weakened(`${kind}([...${roles}, ...judged.${wider}])`, 'guards of a wider role')] : []),
      ...(kind === 'personGuard' && !REFUSES_KEYS_ITSELF.has(operation)
        ? [weakened(`judgedGuard.guard(${roles})`, 'guards without persons')]
        : []),
    ]
  })
}

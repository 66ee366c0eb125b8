import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { installationProblem } from './lib/installation.mjs'

/**
 * `node scripts/run.mjs FILE …`: runs a script of package.json, after a check of what it needs. This file and its imports are
 * JavaScript without dependencies, so that they run on any Node and before `npm ci`.
 */
const root = fileURLToPath(new URL('..', import.meta.url))
const problem = installationProblem(root)
if (problem !== null) {
  console.error(problem)
  process.exit(1)
}
const [file = ''] = process.argv.splice(2, 1)
const script = join(root, file)
process.argv[1] = script
await import(pathToFileURL(script).href)

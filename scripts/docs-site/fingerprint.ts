import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }
import { ROOT } from '../lib/local-state.ts'

/** Everything that the pages are made of, except for packages. */
const SOURCES = [
  'docs/guides/*.md',
  'openapi.json',
  'packages/client/package.json',
  'scripts/docs-site/**/*.ts',
  'site/**/*.*',
  'site/.vitepress/**/*.*',
  'src/docs/page.ts',
]

/** Changes whenever the pages have to be built again. */
export function fingerprintOf(root = ROOT): string {
  const hash = createHash('sha256')
  hash.update(packageJson.devDependencies.vitepress)
  hash.update(packageJson.dependencies['@scalar/fastify-api-reference'])
  for (const file of globSync(SOURCES, { cwd: root }).toSorted())
    hash.update(`\0${file}\0`).update(readFileSync(join(root, file)))
  return hash.digest('hex')
}

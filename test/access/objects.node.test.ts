import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ROOT } from '../../scripts/lib/local-state.ts'

it('objects are found by access/objects.ts alone, so that all are in the jurisdiction of OBJECT_JURISDICTION', () => {
  const files = globSync('src/**/*.ts', { cwd: ROOT })
  const finding = files.filter((file) => /\.(getByName|idFromName)\(/.test(readFileSync(join(ROOT, file), 'utf8')))
  expect(finding).toEqual(['src/access/objects.ts'])
})

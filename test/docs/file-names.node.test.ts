import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../../scripts/lib/local-state.ts'

const DOCUMENTS = globSync(['*.md', 'docs/**/*.md', 'quality/**/*.md', 'packages/*/*.md'], {
  cwd: ROOT,
  exclude: (name) => name === 'node_modules',
})
/** A relative link, without its fragment. */
const LINK = /\]\((?![a-z]+:|[#/])([^)#\s]+)[^)]*\)/g
const PATH = /`((?:src|test|quality|scripts|bench|packages|migrations|docs)\/[\w./-]+)`/g

describe('the paths that documents name', () => {
  it.each(DOCUMENTS)('exist: %s', (document) => {
    const paths = [...readFileSync(`${ROOT}${document}`, 'utf8').matchAll(PATH)].map(([, path = '']) => path)
    expect(paths.filter((path) => !existsSync(`${ROOT}${path}`))).toEqual([])
  })
})

describe('the files that documents link to', () => {
  it.each(DOCUMENTS)('exist: %s', (document) => {
    const folder = join(ROOT, dirname(document))
    const links = [...readFileSync(`${ROOT}${document}`, 'utf8').matchAll(LINK)].map(([, path = '']) => path)
    expect(links.filter((path) => !existsSync(join(folder, path)))).toEqual([])
  })
})

import { existsSync, readFileSync } from 'node:fs'
import { GUIDE_GROUPS, type Guide } from '../../site/navigation.ts'
import { ROOT } from '../lib/local-state.ts'

const FOLDER = `${ROOT}docs/guides/`

export interface WrittenGuide extends Guide {
  /** Below /docs, with `.md`. */
  path: string
  markdown: string
}

export interface Guides {
  home: string
  /** In the order of the sidebar. */
  guides: WrittenGuide[]
}

export function readGuides(): Guides {
  const guides = GUIDE_GROUPS.flatMap((group) => group.guides)
    .filter(({ name }) => existsSync(`${FOLDER}${name}.md`))
    .map((guide) => ({ ...guide, path: `guides/${guide.name}.md`, markdown: read(guide.name) }))
  // The home page is one folder higher on the site.
  const home = read('index').replace(/(\]\()(?:\.\/)?([\w-]+\.md)/g, '$1guides/$2')
  return { home, guides }
}

function read(name: string): string {
  return readFileSync(`${FOLDER}${name}.md`, 'utf8')
}

import { readdirSync, readFileSync } from 'node:fs'
import { ROOT } from '../../../scripts/lib/local-state.ts'
import { type Block, blocksOf } from './documents.ts'

const FOLDER = 'docs/guides/'
/** The first guide that readers follow, on fresh demo data: it shows the numbers of the first tickets. */
const FIRST = `${FOLDER}getting-started.md`

/** Languages of programs that `npm run test:guides` runs, because their toolchains are not part of npm. */
export const TOOLCHAIN_LANGUAGES = ['python', 'go', 'java', 'rust', 'toml']

export const GUIDES: readonly string[] = readdirSync(`${ROOT}${FOLDER}`)
  .filter((name) => name.endsWith('.md'))
  .map((name) => `${FOLDER}${name}`)
  .toSorted((a, b) => Number(b === FIRST) - Number(a === FIRST) || a.localeCompare(b))

export const guideBlocks: readonly Block[] = GUIDES.flatMap(blocksOf)

export const guideName = (path: string): string => path.slice(FOLDER.length, -'.md'.length)

/** The text of a guide without its code. */
export const proseOf = (path: string): string => readFileSync(`${ROOT}${path}`, 'utf8').replace(/^```.*?^```$/gms, '')

/** As VitePress derives the anchor of a heading, but with underscores, which the codes of errors have. */
const slugOf = (heading: string) =>
  heading
    .normalize('NFKD')
    .replace(/[\s~`!@#$%^&*()\-+=[\]{}|\\;:"'“”‘’<>,.?/]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .replace(/^(\d)/, '_$1')
    .toLowerCase()

export const anchorsOf = (path: string): string[] =>
  [...proseOf(path).matchAll(/^#+ (.*?)(?: \{#([\w-]+)\})?$/gm)].map(([, heading = '', id]) => id ?? slugOf(heading))

/** Programs that receive webhooks: `receiver.ts`, `Receiver.java`, `express-receiver.ts` … */
export const isReceiver = ({ file }: Block): boolean => file !== null && /receiver/i.test(file)

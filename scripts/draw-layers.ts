import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commandLine } from './lib/command-line.ts'
import { readImports } from './lib/layers.ts'
import { ROOT } from './lib/local-state.ts'

commandLine({
  name: 'npm run draw:layers',
  about: `Draws the imports between the folders of src/ into docs/layers.svg. Rows are layers, and imports only go down. Between
features, each import is an arrow.`,
  examples: ['npm run draw:layers'],
})

const ROWS: [label: string, folders: string[], about?: string][] = [
  ['entry', ['index.ts', 'app.ts', 'jobs', 'docs']],
  [
    'features',
    ['webhooks', 'events', 'tickets', 'comments', 'attachments', 'accounts', 'auth', 'users', 'api-keys', 'health'],
  ],
  ['callers', ['access'], 'credentials, tokens, rate limits, revocation, the context of a request; Durable Objects'],
  ['HTTP', ['http'], 'middleware, routes and their OpenAPI text, shared schemas, pagination, entity tags, errors'],
  ['services', ['service'], 'what every service shares: its context, commit, idempotency keys, the wake-up queue'],
  ['data', ['db'], 'the schema, the client, statements, the outbox, idempotency records, visibility'],
  ['settings', ['core'], 'configuration, keys, roles, errors, the log; neither HTTP nor SQL'],
  ['helpers', ['lib'], 'text, time, IDs, crypto, passwords; imports nothing of the project'],
]
const WIDTH = 1_130
const ROW_HEIGHT = 80
const FEATURE_ROW_HEIGHT = 192
const BOX = { width: 92, height: 44 }
const LEFT = 100

interface Box {
  x: number
  y: number
  files: number
}

const { modules } = await readImports()
const sources = modules.filter(({ source }) => source.startsWith('src/'))
const folderOf = (path: string) => path.split('/')[1] ?? ''
const imports = new Map<string, number>()
for (const { source, dependencies } of sources)
  for (const { resolved } of dependencies)
    if (resolved.startsWith('src/') && folderOf(source) !== folderOf(resolved)) {
      const key = `${folderOf(source)} ${folderOf(resolved)}`
      imports.set(key, (imports.get(key) ?? 0) + 1)
    }

const boxes = new Map<string, Box>()
let top = 20
const rowTops: number[] = []
for (const [, folders] of ROWS) {
  rowTops.push(top)
  const isWide = folders.length > 4
  const y = top + (isWide ? FEATURE_ROW_HEIGHT - BOX.height - 42 : 14)
  for (const [index, folder] of folders.entries()) {
    const files = sources.filter(({ source }) => folderOf(source) === folder).length
    boxes.set(folder, { x: LEFT + index * (BOX.width + 10), y, files })
  }
  top += isWide ? FEATURE_ROW_HEIGHT : ROW_HEIGHT
}

const unknown = [...new Set(sources.map(({ source }) => folderOf(source)))].filter((folder) => !boxes.has(folder))
if (unknown.length > 0) throw new Error(`No row for ${unknown.join(', ')}`)

writeFileSync(join(ROOT, 'docs/layers.svg'), svg())
console.log('Wrote docs/layers.svg')

function svg(): string {
  const elements = [...ROWS.map(rowOf), ...featureArrows(), ...layerCounts()]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" font-family="system-ui, sans-serif" font-size="13">
<title>The folders of src/ and what they import</title>
<style>
  text { fill: #1f2328 } .quiet { fill: #59636e; font-size: 11px } .band { fill: #f6f8fa } .box { fill: #fff; stroke: #59636e }
  .arrow { fill: none; stroke: #0969da; stroke-width: 1.2 } .head { fill: #0969da }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .quiet { fill: #9198a1 } .band { fill: #151b23 } .box { fill: #0d1117; stroke: #9198a1 }
    .arrow { stroke: #4493f8 } .head { fill: #4493f8 }
  }
</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="head" d="M0 0 8 4 0 8z"/></marker></defs>
${elements.join('\n')}
</svg>
`
}

function rowOf([label, folders, about]: (typeof ROWS)[number], row: number): string {
  const y = rowTops[row] ?? 0
  const height = (rowTops[row + 1] ?? top) - y - 8
  const band = `<rect class="band" x="8" y="${y}" width="${WIDTH - 16}" height="${height}" rx="6"/>`
  const name = `<text class="quiet" x="20" y="${y + height / 2 + 4}">${label}</text>`
  const text = about && `<text x="${LEFT + BOX.width + 16}" y="${y + 41}">${about}</text>`
  return [band, name, text ?? '', ...folders.map(boxOf)].join('\n')
}

function boxOf(folder: string): string {
  const { x, y, files } = at(folder)
  const counted = folder.endsWith('.ts')
    ? ''
    : `<text class="quiet" x="${x + BOX.width / 2}" y="${y + 35}" text-anchor="middle">${files} files</text>`
  return `<rect class="box" x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="5"/>
<text x="${x + BOX.width / 2}" y="${y + (counted === '' ? 27 : 20)}" text-anchor="middle">${folder}</text>${counted}`
}

function at(folder: string): Box {
  const box = boxes.get(folder)
  if (!box) throw new Error(`No box for ${folder}`)
  return box
}

/** Features only import those to their right, so the arrows are arcs above the boxes. */
function featureArrows(): string[] {
  const features = ROWS[1]?.[1] ?? []
  return features.flatMap((from) =>
    features
      .filter((to) => imports.has(`${from} ${to}`))
      .map((to) => {
        const [a, b] = [at(from), at(to)]
        const start = a.x + BOX.width * 0.6
        const end = b.x + BOX.width * 0.4
        const rise = Math.min(100, 18 + (end - start) * 0.14)
        return `<path class="arrow" marker-end="url(#head)" d="M${start} ${a.y} C${start} ${a.y - rise} ${end} ${b.y - rise} ${end} ${b.y - 1}"/>`
      }),
  )
}

/** The number of imports between rows. */
function layerCounts(): string[] {
  const count = (from: string[], to: string[]) =>
    from.flatMap((a) => to.map((b) => imports.get(`${a} ${b}`) ?? 0)).reduce((sum, each) => sum + each, 0)
  return ROWS.map(([, folders], row) => {
    const below = ROWS.slice(row + 1).map(([, others]) => [others, count(folders, others)] as const)
    const said = below
      .filter(([, total]) => total > 0)
      .map(([others, total]) => `${others.length > 1 ? 'features' : others[0]} ${total}`)
    const y = (rowTops[row + 1] ?? top) - 16
    return said.length === 0
      ? ''
      : `<text class="quiet" x="${WIDTH - 24}" y="${y}" text-anchor="end">imports: ${said.join(' · ')}</text>`
  })
}

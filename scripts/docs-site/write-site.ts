import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { SCALAR_FILE } from '../../src/docs/page.ts'
import { ROOT } from '../lib/local-state.ts'
import { samplesOf } from './code-samples.ts'
import { type Guides, readGuides } from './guides.ts'
import { homePage } from './home-page.ts'
import { llmsFullTxt, llmsTxt, plainMarkdown } from './markdown-files.ts'
import { OPERATIONS } from './operations.ts'
import { operationsPage } from './operations-page.ts'
import { publish } from './public-folder.ts'
import { referencePage } from './reference-page.ts'
import { scalarScript } from './scalar.ts'

const VITEPRESS = `${ROOT}node_modules/vitepress/bin/vitepress.js`

/** Builds in a folder of this process, because others may be building too. */
export async function writeSite(fingerprint: string): Promise<void> {
  const folder = `${ROOT}dist/docs-site-${process.pid}`
  const output = join(folder, 'output')
  try {
    const guides = readGuides()
    cpSync(`${ROOT}site`, folder, { recursive: true })
    writeFiles(folder, pages(guides))
    runVitePress(folder, join(output, 'docs'))
    rmSync(join(output, 'docs/404.html'))
    cpSync(`${ROOT}site/static`, join(output, 'docs'), { recursive: true })
    cpSync(`${ROOT}site/passwords`, join(output, 'passwords'), { recursive: true })
    writeFiles(output, await otherFiles(guides))
    publish(output, fingerprint)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** For VitePress, by path below /docs. */
function pages({ home, guides }: Guides): Record<string, string> {
  return {
    'index.md': homePage(home, guides),
    'operations.md': operationsPage(),
    ...Object.fromEntries(guides.map(({ path, markdown }) => [path, markdown])),
  }
}

async function otherFiles({ home, guides }: Guides): Promise<Record<string, string>> {
  return {
    'docs/index.md': plainMarkdown(home),
    'docs/operations.md': operationsPage(),
    ...Object.fromEntries(guides.map(({ path, markdown }) => [`docs/${path}`, plainMarkdown(markdown)])),
    'docs/reference.html': await referencePage(),
    'docs/code-samples.json': JSON.stringify(Object.fromEntries(OPERATIONS.map((each) => [each.id, samplesOf(each)]))),
    [`docs/${SCALAR_FILE}`]: await scalarScript(),
    'llms.txt': llmsTxt(guides),
    'llms-full.txt': llmsFullTxt(home, guides),
  }
}

function writeFiles(folder: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

/** In a process of its own, whose output is only shown if it fails. */
function runVitePress(folder: string, output: string): void {
  const args = [VITEPRESS, 'build', folder, '--outDir', output]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })
  if (status !== 0) throw new Error(`The documentation pages could not be built:\n${stdout}${stderr}`)
}

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runWrangler } from '../lib/local-state.ts'

export interface BundleFile {
  name: string
  text: string
}

/** Content of tests, their tools and the demo data, which must not be deployed. */
const FORBIDDEN_CONTENT: Record<string, RegExp> = {
  'a test tool': /\bvitest\b|cloudflare:test|useFakeTimers/,
  'a binding of the tests': /TEST_MIGRATIONS/,
  'demo data': /acct_globex|ada@globex/,
}

/** Bundles the Worker; returns a summary, and a sentence for each reason not to deploy it. */
export function checkBundle(environment: string): { summary: string[]; problems: string[] } {
  try {
    const { files, bytes } = createBundle(environment)
    return { summary: [`Bundle        ${(bytes / 1_000).toFixed(0)} KB`], problems: bundleProblems(files) }
  } catch (error) {
    return {
      summary: [],
      problems: [`The bundle could not be built: ${error instanceof Error ? error.message : String(error)}`],
    }
  }
}

/** Without source maps. */
function createBundle(environment: string): { files: BundleFile[]; bytes: number } {
  const folder = mkdtempSync(join(tmpdir(), 'ticketing-bundle-'))
  try {
    runWrangler(['deploy', '--dry-run', '--env', environment, '--outdir', folder])
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(js|mjs)$/.test(name))
      .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }))
    return { files, bytes: files.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export function bundleProblems(files: BundleFile[]): string[] {
  if (files.length === 0) return ['The bundle is empty.']
  return files.flatMap(({ name, text }) =>
    Object.entries(FORBIDDEN_CONTENT).flatMap(([content, pattern]) => {
      const found = pattern.exec(text)
      return found ? [`The bundle contains ${content} (${found[0]} in ${name}).`] : []
    }),
  )
}

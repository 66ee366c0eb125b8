import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT } from '../lib/local-state.ts'

/** The folder that wrangler serves and uploads. */
export const PUBLIC = `${ROOT}public/`

/** Not served: `public/.assetsignore` names it. */
export const RECORD = `${PUBLIC}.site.json`

export interface SiteRecord {
  fingerprint: string
  files: string[]
}

/**
 * Makes `public` equal to `folder`. Files are replaced by renaming, because another process may be serving them or doing the
 * same, and the record comes last, because an interrupted build must be repeated.
 */
export function publish(folder: string, fingerprint: string): void {
  const files = globSync('**/*.*', { cwd: folder }).toSorted()
  for (const file of files) replace(join(PUBLIC, file), readFileSync(join(folder, file)))
  const kept = new Set(files)
  for (const file of globSync('**/*.*', { cwd: PUBLIC }))
    if (!kept.has(file) && !file.startsWith('.')) rmSync(join(PUBLIC, file), { force: true })
  const record: SiteRecord = { fingerprint, files }
  replace(RECORD, Buffer.from(JSON.stringify(record)))
}

function replace(target: string, content: Buffer): void {
  if (existsSync(target) && readFileSync(target).equals(content)) return
  mkdirSync(dirname(target), { recursive: true })
  const partial = `${target}.${process.pid}`
  writeFileSync(partial, content)
  renameSync(partial, target)
}

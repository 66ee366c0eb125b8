import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT } from '../lib/local-state.ts'

/** The folder that wrangler serves and uploads. */
const PUBLIC = `${ROOT}public`

/** Not served: `public/.assetsignore` names it. */
const RECORD = '.site.json'

interface SiteRecord {
  fingerprint: string
  files: string[]
}

export function isPublished(fingerprint: string, target = PUBLIC): boolean {
  const file = join(target, RECORD)
  if (!existsSync(file)) return false
  const record: SiteRecord = JSON.parse(readFileSync(file, 'utf8'))
  return record.fingerprint === fingerprint && record.files.every((each) => existsSync(join(target, each)))
}

/**
 * Makes `public` equal to `folder`. Files are replaced by renaming, because another process may be serving them or doing the
 * same, and the record comes last, because an interrupted build must be repeated.
 */
export function publish(folder: string, fingerprint: string, target = PUBLIC): void {
  const files = globSync('**/*.*', { cwd: folder }).toSorted()
  for (const file of files) replace(join(target, file), readFileSync(join(folder, file)))
  const kept = new Set(files)
  for (const file of globSync('**/*.*', { cwd: target }))
    if (!kept.has(file) && !file.startsWith('.')) rmSync(join(target, file), { force: true })
  const record: SiteRecord = { fingerprint, files }
  replace(join(target, RECORD), Buffer.from(JSON.stringify(record)))
}

function replace(target: string, content: Buffer): void {
  if (existsSync(target) && readFileSync(target).equals(content)) return
  mkdirSync(dirname(target), { recursive: true })
  const partial = `${target}.${process.pid}`
  writeFileSync(partial, content)
  renameSync(partial, target)
}

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fingerprintOf } from './docs-site/fingerprint.ts'
import { PUBLIC, RECORD, type SiteRecord } from './docs-site/public-folder.ts'

/**
 * Writes the pages of `/docs` and their files to `public`, unless they are up to date. Wrangler runs it before it serves or
 * deploys, and Vitest before the tests.
 */
export async function buildDocsSite(): Promise<void> {
  const fingerprint = fingerprintOf()
  if (isUpToDate(fingerprint)) return
  console.log('Building the documentation pages …')
  // Imported late, because it loads the generator.
  const { writeSite } = await import('./docs-site/write-site.ts')
  await writeSite(fingerprint)
}

function isUpToDate(fingerprint: string): boolean {
  if (!existsSync(RECORD)) return false
  const record: SiteRecord = JSON.parse(readFileSync(RECORD, 'utf8'))
  return record.fingerprint === fingerprint && record.files.every((file) => existsSync(join(PUBLIC, file)))
}

if (import.meta.main) await buildDocsSite()

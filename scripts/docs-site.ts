import { fingerprintOf } from './docs-site/fingerprint.ts'
import { isPublished } from './docs-site/public-folder.ts'

/**
 * Writes the pages of `/docs` and their files to `public`, unless they are up to date. Wrangler runs it before it serves or
 * deploys, and Vitest before the tests.
 */
export async function buildDocsSite(): Promise<void> {
  const fingerprint = fingerprintOf()
  if (isPublished(fingerprint)) return
  console.log('Building the documentation pages …')
  // Imported late, because it loads the generator.
  const { writeSite } = await import('./docs-site/write-site.ts')
  await writeSite(fingerprint)
}

if (import.meta.main)
  await buildDocsSite().catch((error) => {
    console.error(error instanceof Error ? error.message : String(error))
    process.exit(1)
  })

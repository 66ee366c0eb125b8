import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createTestHarness } from 'wrangler'
import { QUIET, ROOT } from './lib/local-state.ts'

/** `npm run openapi`: writes the served `/openapi.json` to the file. */
const FILE = 'openapi.json'

// The service needs a secret; this one protects nothing.
const vars = { APP_SECRET: 'to write a document, and for nothing else' }

Object.assign(process.env, QUIET)
const server = createTestHarness({ root: ROOT, workers: [{ configPath: 'wrangler.toml', vars }] })
await server.listen()
try {
  const response = await server.fetch(`/${FILE}`)
  if (!response.ok) throw new Error(`/${FILE} answered ${response.status}: ${await response.text()}`)
  writeFileSync(join(ROOT, FILE), `${JSON.stringify(await response.json(), null, 2)}\n`)
  console.log(`Wrote ${FILE}`)
} finally {
  await server.close()
}

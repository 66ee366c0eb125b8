import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commandLine } from './lib/command-line.ts'
import { QUIET, ROOT } from './lib/local-state.ts'

commandLine({
  name: 'npm run openapi',
  about: 'Writes the served /openapi.json to openapi.json. Run it after a change to requests or responses.',
  examples: ['npm run openapi'],
})

const FILE = 'openapi.json'

// The service needs a secret; this one protects nothing.
const vars = { APP_SECRET: 'to write a document, and for nothing else' }

Object.assign(process.env, QUIET)
// Imported late, because it takes a second.
const { createTestHarness } = await import('wrangler')
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

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createTestHarness } from 'wrangler'
import { QUIET, ROOT } from './lib/local-state.ts'

/** `npm run openapi`: writes what the service answers at `/openapi.json` into the file of that name. */
const FILE = 'openapi.json'

// Without a secret nothing is served, and this one guards nothing.
const vars = { APP_SECRET: 'to write a document, and for nothing else' }

Object.assign(process.env, QUIET)
const server = createTestHarness({ root: ROOT, workers: [{ configPath: 'wrangler.toml', vars }] })
await server.listen()
try {
  const answer = await server.fetch(`/${FILE}`)
  if (!answer.ok) throw new Error(`/${FILE} answered ${answer.status}: ${await answer.text()}`)
  writeFileSync(join(ROOT, FILE), `${JSON.stringify(await answer.json(), null, 2)}\n`)
  console.log(`Wrote ${FILE}`)
} finally {
  await server.close()
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { TicketingClient } from '../../../packages/client/src/index.ts'
import { preparedState } from './prepared-state.ts'
import { freePort, type RunningServer, startServer } from './server.ts'

/** What code samples need: a server with demo data, an admin's token, and a folder with the file that they upload. */
export function sampleServer(language: string) {
  const state = preparedState()
  const folder = mkdtempSync(join(tmpdir(), `ticketing-${language}-`))
  let server: RunningServer | undefined
  let token = ''

  beforeAll(async () => {
    server = await startServer(await freePort(), state.folder)
    writeFileSync(join(folder, 'error_log.txt'), 'a line\n')
    const client = new TicketingClient({ url: `${server.origin}/api/v1` })
    token = (await client.auth.login({ email: 'john@example.com', password: 'your_password' })).token
  })

  afterAll(async () => {
    await server?.stop()
    state.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  return {
    folder,
    get origin(): string {
      return server?.origin ?? ''
    },
    get env(): NodeJS.ProcessEnv {
      return { ...process.env, TICKETING_TOKEN: token, TICKETING_API_KEY: token }
    },
  }
}

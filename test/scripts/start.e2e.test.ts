import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { afterAll, describe, expect, it } from 'vitest'
import { preparedState } from '../helpers/node/prepared-state.ts'
import { freePort, spawnStart } from '../helpers/node/server.ts'

const state = preparedState()

afterAll(() => state.remove())

async function outcomeOf(variables: Record<string, string>, attempts = 3): Promise<{ code: unknown; errors: string }> {
  const server = spawnStart(await freePort(), state.folder, { variables })
  if (!server.stdout || !server.stderr) throw new Error('its output is not piped')
  const closed = once(server, 'close')
  const [, errors] = await Promise.all([text(server.stdout), text(server.stderr)])
  const [code] = await closed
  // Miniflare briefly releases its own ports and binds them again.
  if (attempts > 1 && errors.includes('Address already in use')) return outcomeOf(variables, attempts - 1)
  return { code, errors }
}

describe('npm start', () => {
  it.each([
    ['PUBLIC_ORIGIN', 'https://api.tickets.dev', 'HTTPS is required: send the request to https://api.tickets.dev'],
    ['ENVIRONMENT', 'production', 'PUBLIC_ORIGIN must be set to the https origin of the service'],
  ])('ends with the reason if a local server cannot run with %s=%s', async (name, value, reason) => {
    const { code, errors } = await outcomeOf({ [name]: value })
    expect(code).toBe(1)
    expect(errors).toContain(reason)
    expect(errors).toContain('See .dev.vars')
  })
})

import { execFile } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Copy } from '../../quality/mutation/copy.ts'
import { checkCloudflare } from '../../scripts/deploy/cloudflare-api.ts'
import { ROOT } from '../../scripts/lib/local-state.ts'
import { configWith, environmentWith, FILLED_IN, OFFLINE, READY } from '../helpers/node/deploy-config.ts'

const TOKEN = 'token-of-the-test'
const ACCOUNT = '0123456789abcdef0123456789abcdef'
const DATABASE = `/accounts/${ACCOUNT}/d1/database/5a4fd6b1-8f0c-4f0a-9f63-0c9b1f6f4f11`
const SECRETS = `/accounts/${ACCOUNT}/workers/scripts/ticketing-api-production/secrets`

type Stub = Record<string, [status: number, body: unknown] | undefined>

const result = (value: unknown): [number, unknown] => [200, { success: true, errors: [], messages: [], result: value }]
const failure = (status: number): [number, unknown] => [status, { success: false, errors: [], result: null }]
const REPLICATED = result({ uuid: 'x', read_replication: { mode: 'auto' } })
const SECRET = result([{ name: 'APP_SECRET', type: 'secret_text' }])
const COMPLETE: Stub = { [DATABASE]: REPLICATED, [SECRETS]: SECRET }

let server: Server
let stub: Stub
let requests: string[]

beforeEach(async () => {
  stub = COMPLETE
  requests = []
  server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url} ${request.headers.authorization}`)
    const [status, body] = stub[request.url ?? ''] ?? failure(404)
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
})
afterEach(() => {
  server.close()
  server.closeAllConnections()
})

const baseUrl = () => `http://localhost:${(server.address() as AddressInfo).port}`
const credentials = () => ({
  CLOUDFLARE_API_TOKEN: TOKEN,
  CLOUDFLARE_ACCOUNT_ID: ACCOUNT,
  CLOUDFLARE_API_BASE_URL: baseUrl(),
})
const check = (changes: Stub = {}) => {
  stub = { ...COMPLETE, ...changes }
  return checkCloudflare(READY, credentials())
}

const NOTHING = { problems: [], warnings: [], unchecked: [] }
const DISABLED = 'Read replication of ticketing-production is disabled: see docs/operations.md, "Read replicas".'

describe('the check of the settings at Cloudflare', () => {
  it('finds nothing if replication is enabled and the secret is set', async () => {
    expect(await check()).toEqual(NOTHING)
    expect(requests.toSorted()).toEqual([DATABASE, SECRETS].map((path) => `GET ${path} Bearer ${TOKEN}`))
  })

  it.each([
    ['disabled', { read_replication: { mode: 'disabled' } }],
    ['not mentioned', { uuid: 'x' }],
  ])('warns about read replication that is %s', async (_, database) => {
    expect(await check({ [DATABASE]: result(database) })).toEqual({ ...NOTHING, warnings: [DISABLED] })
  })

  it('checks the replication of each database', async () => {
    const second = '11111111-8f0c-4f0a-9f63-0c9b1f6f4f11'
    const config = environmentWith(...FILLED_IN, [
      '[[env.production.r2_buckets]]',
      `[[env.production.d1_databases]]\nbinding = "DB_2"\ndatabase_name = "shard-2"\ndatabase_id = "${second}"\n\n[[env.production.r2_buckets]]`,
    ])
    stub = { ...COMPLETE, [DATABASE.replace(/[^/]*$/, second)]: result({}) }
    const { warnings } = await checkCloudflare(config, credentials())
    expect(warnings).toEqual([DISABLED.replace('ticketing-production', 'shard-2')])
  })

  it.each<[string, Stub, string]>([
    ['no such database', { [DATABASE]: undefined }, 'The Cloudflare account has no D1 database with the ID 5a4fd6b1'],
    ['no secret', { [SECRETS]: result([]) }, 'The secret APP_SECRET is not set: run openssl rand'],
    ['no Worker yet', { [SECRETS]: undefined }, 'The secret APP_SECRET is not set: run openssl rand'],
    [
      'a secret that allows private webhooks',
      { [SECRETS]: result([{ name: 'APP_SECRET' }, { name: 'ALLOW_PRIVATE_WEBHOOKS' }]) },
      'ALLOW_PRIVATE_WEBHOOKS must not be a secret',
    ],
  ])('reports a problem: %s', async (_, changes, problem) => {
    expect(await check(changes)).toEqual({ ...NOTHING, problems: [expect.stringContaining(problem)] })
  })

  it.each<[string, Stub]>([
    ['returned 403', { [DATABASE]: failure(403), [SECRETS]: failure(403) }],
    ['returned 429', { [DATABASE]: failure(429), [SECRETS]: failure(429) }],
    ['has another form', { [DATABASE]: [200, {}], [SECRETS]: [200, 'x'] }],
  ])('says what it could not check: %s', async (reason, changes) => {
    const { unchecked, ...others } = await check(changes)
    expect(others).toEqual({ problems: [], warnings: [] })
    expect(unchecked).toEqual([
      expect.stringMatching(`^whether read replication of ticketing-production is enabled .*"D1 Read".*${reason}`),
      expect.stringMatching(`^whether the secret APP_SECRET is set .*"Workers Scripts Read".*${reason}`),
    ])
  })

  it('does not ask for a database whose ID is a placeholder', async () => {
    const config = {
      ...READY,
      databases: [{ name: 'ticketing-production', id: '00000000-0000-0000-0000-000000000000' }],
    }
    const { unchecked, ...others } = await checkCloudflare(config, credentials())
    expect([unchecked, others]).toEqual([
      [
        expect.stringMatching(
          /^whether read replication of ticketing-production is enabled .*: database_id is a placeholder$/,
        ),
      ],
      { problems: [], warnings: [] },
    ])
    expect(requests).toEqual([`GET ${SECRETS} Bearer ${TOKEN}`])
  })

  it.each<[string, Record<string, string | undefined>]>([
    ['are not set', { CLOUDFLARE_API_TOKEN: '' }],
    ['are not set', { CLOUDFLARE_ACCOUNT_ID: undefined }],
    ['cannot be reached', { CLOUDFLARE_API_BASE_URL: 'http://localhost:9' }],
  ])('says what it could not check offline: %s %j', async (reason, variables) => {
    const { unchecked, ...others } = await checkCloudflare(READY, { ...credentials(), ...variables })
    expect(others).toEqual({ problems: [], warnings: [] })
    expect(unchecked).toEqual([expect.stringContaining(reason), expect.stringContaining(reason)])
    expect(requests).toEqual([])
  })
})

describe('npm run deploy -- --dry-run with a token', () => {
  const project = new Copy(ROOT)
  afterAll(() => project.remove())

  const dryRun = (changes: Stub): Promise<{ status: number; out: string }> => {
    stub = { ...COMPLETE, ...changes }
    project.write('wrangler.toml', configWith(FILLED_IN))
    const args = [join(project.root, 'scripts/deploy.ts'), '--env', 'production', '--dry-run']
    const env = { ...process.env, ...OFFLINE, ...credentials() }
    return new Promise((resolve) => {
      execFile(process.execPath, args, { cwd: project.root, env }, (error, stdout) =>
        resolve({ status: Number(error?.code ?? 0), out: stdout }),
      )
    })
  }

  it('succeeds if nothing is missing, and names what it cannot check', async () => {
    const { status, out } = await dryRun({})
    expect([status, out.match(/^Problem .*$/gm), out.match(/^Not checked .*$/gm)?.length]).toEqual([0, null, 3])
    expect(out).not.toContain(TOKEN)
  })

  it('fails if replication is disabled and the secret is missing', async () => {
    const { status, out } = await dryRun({ [DATABASE]: result({}), [SECRETS]: undefined })
    expect(status).toBe(1)
    expect(out.match(/^Problem .*$/gm)).toEqual([
      expect.stringContaining('The secret APP_SECRET is not set'),
      `Problem       ${DISABLED}`,
    ])
  })
})

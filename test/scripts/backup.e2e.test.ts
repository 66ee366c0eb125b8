import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { checkBackup } from '../../scripts/admin/backup-file.ts'
import { runAdmin } from '../helpers/node/admin.ts'
import { type Api, openApi } from '../helpers/node/api.ts'
import { runDocumentedBlock } from '../helpers/node/operations.ts'
import { preparedState } from '../helpers/node/prepared-state.ts'
import { freePort, type RunningServer, startServer, temporaryState } from '../helpers/node/server.ts'
import { logInAs, subscribeReceiver, waitForDelivery } from '../helpers/node/webhooks.ts'
import { SECRET_PATTERNS } from '../helpers/secret-patterns.ts'

/** Backs up the state of one server, and restores it for another. */

const PATIENCE = 240_000

const from = preparedState()
const into = temporaryState()
const file = join(from.folder, 'all.backup')

/** Larger than a statement may be, with characters that are special in SQL or end lines. */
const LARGE_TEXT = `${"it's \u2028 a \"long\" 😀 'story'\n\t\\ ".repeat(1_600)} the end`

const Token = z.object({ token: z.string() })
const Created = z.object({ data: z.object({ id: z.string(), number: z.number(), version: z.number() }) })
const WithFile = z.object({ data: z.object({ id: z.string(), attachments: z.array(z.object({ url: z.string() })) }) })
const Key = z.object({ data: z.object({ id: z.string(), key: z.string() }) })
const Events = z.object({
  data: z.array(z.object({ id: z.string(), sequence: z.number() })),
  pagination: z.object({ next_cursor: z.string() }),
})

let server: RunningServer
/** Issued by the first server; must be valid at the second. */
const given = { token: '', unused: '', key: '', keyId: '', ticket: '', fileUrl: '', cursor: '', large: '', webhook: '' }

async function loginToken(email: string): Promise<string> {
  const response = await openApi(server.origin, ['']).post('/auth/login', { email, password: 'your_password' })
  return Token.parse(response).token
}

function keyed(origin: string) {
  return fetch(`${origin}/api/v1/tickets`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${given.token}`,
      'Content-Type': 'application/json',
      'Idempotency-Key': 'only-once',
    },
    body: JSON.stringify({ title: 'Once', description: 'And never again' }),
  })
}

async function seed(admin: Api) {
  const { receiver, id } = await subscribeReceiver(admin, ['*'])
  given.webhook = id
  const key = Key.parse(await admin.post('/api-keys', { name: 'Sync' }))
  given.key = key.data.key
  given.keyId = key.data.id
  const content = Buffer.from('kept across the backup').toString('base64')
  const ticket = WithFile.parse(
    await admin.post('/tickets', {
      title: 'Zanzibar',
      description: 'with a file',
      tags: ['kept'],
      attachments: [{ filename: 'kept.txt', content, mime_type: 'text/plain' }],
    }),
  )
  given.ticket = ticket.data.id
  given.fileUrl = ticket.data.attachments[0]?.url ?? ''
  await admin.post(`/tickets/${given.ticket}/comments`, { content: 'A note', is_internal: true })
  given.large = Created.parse(await admin.post('/tickets', { title: 'Large', description: LARGE_TEXT })).data.id
  await keyed(server.origin)
  await untilAllIsSent(admin)
  await receiver.close()
}

/** Waits for the last event. Internal notes are not delivered. */
async function untilAllIsSent(admin: Api): Promise<void> {
  const last = Events.parse(await admin.get('/events?per_page=100')).data.at(-1)
  await waitForDelivery(admin, given.webhook, ({ event_id, status }) => event_id === last?.id && status === 'succeeded')
}

function databaseIn(folder: string): DatabaseSync {
  const objects = join(folder, 'v3/d1/miniflare-D1DatabaseObject')
  const name = readdirSync(objects).find((one) => /^[0-9a-f]{64}\.sqlite$/.test(one)) ?? ''
  return new DatabaseSync(join(objects, name), { readOnly: true })
}

beforeAll(async () => {
  server = await startServer(await freePort(), from.folder, { arguments: ['--verbose'] })
  given.token = await loginToken('john@example.com')
  given.unused = await loginToken('jane@example.com')
  const admin = openApi(server.origin, [given.token])
  await seed(admin)
  given.cursor = Events.parse(await admin.get('/events')).pagination.next_cursor
}, PATIENCE)

afterAll(async () => {
  await server.stop()
  from.remove()
  into.remove()
})

/** A restore starts wrangler, which may take seconds. */
const COMMANDS = { timeout: PATIENCE }

describe('backup and restore', COMMANDS, () => {
  it('S20 the server has logged its requests, and nothing secret', () => {
    const lines = server
      .output()
      .split('\n')
      .filter((line) => line.includes('"request_id"'))
    expect(lines.length).toBeGreaterThan(8)
    const secrets = [given.token, given.unused, given.key, 'your_password', 'only-once', 'Zanzibar', 'kept across']
    for (const line of lines) {
      for (const secret of secrets) expect(line).not.toContain(secret)
      for (const pattern of SECRET_PATTERNS) expect(line).not.toMatch(pattern)
    }
  })

  it('writes a file that only its owner reads, while the server runs', async () => {
    const { code, out, err } = await runDocumentedBlock('backup', { TICKETING_STATE: from.folder, BACKUP: file })
    expect(code, err).toBe(0)
    expect(out).toMatch(/\S+all\.backup: \d+ rows of 2\d tables, \d+ bytes\.\n/)
    expect(out).not.toContain('written to during')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(existsSync(`${file}.unfinished`)).toBe(false)
  })

  it('restores every row and every rule into an empty database, and verifies it', async () => {
    await server.stop()
    const { code, out, err } = await runDocumentedBlock('restore "$BACKUP"', {
      FROM: from.folder,
      INTO: into.folder,
      BACKUP: file,
    })
    expect(code, err).toBe(0)
    expect(out).toContain('is restored.')
    expect(out).toContain('2 attachments, 0 of them without an object; 0 unknown objects.')
    expect(out).toMatch(/full-text index +0 +ok/)
    expect(out).not.toMatch(/differs|Left out/)
    const [old, made] = [databaseIn(from.folder), databaseIn(into.folder)]
    const schema =
      "SELECT type, name, sql FROM sqlite_schema WHERE name NOT GLOB '_cf_*' AND name NOT GLOB 'sqlite_*' ORDER BY 1, 2"
    expect(made.prepare(schema).all()).toEqual(old.prepare(schema).all())
    const tables = old
      .prepare(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT GLOB '_cf_*' AND name <> 'sqlite_schema'",
      )
      .all()
      .map(({ name }) => String(name))
    for (const wanted of [
      'deliveries',
      'delivery_attempts',
      'idempotency_records',
      'api_keys',
      'ticket_counters',
      'tickets',
    ])
      expect(old.prepare(`SELECT count(*) AS n FROM ${wanted}`).get()?.n, wanted).toBeGreaterThan(0)
    const contents = (database: DatabaseSync, table: string) =>
      database
        .prepare(`SELECT * FROM "${table}"`)
        .all()
        .map((row) => JSON.stringify(row))
        .toSorted()
    for (const table of tables) expect(contents(made, table), table).toEqual(contents(old, table))
  })

  it('refuses a database that is not empty', async () => {
    expect(await runAdmin(into.folder, 'restore', file)).toMatchObject({
      code: 1,
      err: 'The database is not empty. Restore into a new database, before any migration.',
    })
  })

  it.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    ['cut in its bytes', (bytes) => bytes.subarray(0, bytes.length - 40), /is cut off/],
    ['cut after a line', (bytes) => onLines(bytes, (lines) => lines.slice(0, -2)), /its end is missing/],
    [
      'altered in a row',
      (bytes) => onLines(bytes, (lines) => lines.map((line) => line.replace('Zanzibar', 'Zanzibaz'))),
      /its checksum does not hold/,
    ],
    [
      'without a row',
      (bytes) => onLines(bytes, (lines) => lines.filter((line) => !line.includes('Zanzibar'))),
      /its checksum does not hold/,
    ],
    [
      'of another version',
      (bytes) => onLines(bytes, ([first = '', ...rest]) => [first.replace('"version":1', '"version":9'), ...rest]),
      /no backup that this version reads/,
    ],
  ])('refuses a file %s', async (_what, damage, message) => {
    const damaged = join(from.folder, 'damaged.backup')
    writeFileSync(damaged, damage(readFileSync(file)))
    await expect(checkBackup(damaged)).rejects.toThrow(message)
  })
})

function onLines(bytes: Buffer, change: (lines: string[]) => string[]): Buffer {
  const lines = gunzipSync(bytes).toString().split('\n').slice(0, -1)
  return gzipSync(
    change(lines)
      .map((line) => `${line}\n`)
      .join(''),
  )
}

describe('what is restored', COMMANDS, () => {
  beforeAll(async () => {
    server = await startServer(await freePort(), into.folder)
  }, PATIENCE)

  it('serves: tokens, keys, files, search, cursors, idempotency keys', async () => {
    const admin = openApi(server.origin, [given.token])
    expect((await openApi(server.origin, [given.key]).send('GET', '/tickets')).status).toBe(200)
    await expect(admin.get('/tickets?q=zanzibar')).resolves.toMatchObject({ data: [{ id: given.ticket }] })
    await expect(admin.get(`/tickets/${given.large}`)).resolves.toMatchObject({
      data: { description: LARGE_TEXT.trim() },
    })
    const address = new URL(given.fileUrl)
    const response = await fetch(`${server.origin}${address.pathname}${address.search}`)
    expect([response.status, await response.text()]).toEqual([200, 'kept across the backup'])
    expect(Events.parse(await admin.get(`/events?cursor=${given.cursor}`)).data).toEqual([])
    const replayed = await keyed(server.origin)
    expect([replayed.status, replayed.headers.get('Idempotent-Replayed')]).toEqual([201, 'true'])
    await expect(logInAs(server.origin, 'jane@example.com')).resolves.toBeDefined()
  })

  it('is told of files that it has not', async () => {
    const list = join(into.folder, 'keys.txt')
    writeFileSync(list, 'acct_acme/attach123\nacct_acme/attach999\n')
    const { code, err } = await runAdmin(into.folder, 'check-files', '--list', list)
    expect([code, ...err.split('\n')]).toEqual([
      1,
      '2 attachments, 1 of them without an object; 1 unknown objects.',
      expect.stringMatching(/^missing acct_acme\/attach_\w{26}$/),
      'orphan  acct_acme/attach999',
    ])
  })

  it('after-restore: dead tokens stay dead, numbers and sequences go on higher, and what waits is sent', async () => {
    const before = openApi(server.origin, [given.token])
    const earlier = Created.parse(await before.post('/tickets', { title: 'Before', description: 'It' }))
    const ada = await logInAs(server.origin, 'ada@globex.example')
    const eventsOfOthers = Events.parse(await ada.get('/events')).data
    const since = new Date(Date.now() - 60_000).toISOString()
    const { code, out, err } = await runDocumentedBlock('after-restore', { TICKETING_STATE: into.folder, SINCE: since })
    expect(code, err).toBe(0)
    expect(out).toContain(given.keyId)
    const gap = Number(/are raised by (\d+),/.exec(out)?.[1])
    expect(gap).toBeGreaterThanOrEqual(180_000)
    expect(gap).toBeLessThan(1_000_000)
    // This server has not seen Jane's token before, so it is not cached.
    expect((await openApi(server.origin, [given.unused]).send('GET', '/users/me')).status).toBe(401)
    const again = await logInAs(server.origin, 'ada@globex.example')
    const john = await logInAs(server.origin, 'john@example.com')
    expect((await openApi(server.origin, [given.key]).send('GET', '/tickets')).status).toBe(200)
    const { data } = Created.parse(await john.post('/tickets', { title: 'After', description: 'It' }))
    expect(data.number).toBe(earlier.data.number + gap + 1)
    expect(Created.parse(await john.get(`/tickets/${earlier.data.id}`)).data.version).toBe(earlier.data.version + gap)
    const events = Events.parse(await john.get(`/events?cursor=${given.cursor}`)).data
    expect(events).toHaveLength(2)
    expect((events[1]?.sequence ?? 0) - (events[0]?.sequence ?? 0)).toBe(2 * gap + 1)
    expect(Events.parse(await again.get('/events')).data).toEqual(eventsOfOthers)
    // The new event is delivered despite the gap in sequences; its receiver does not exist any more.
    await waitForDelivery(john, given.webhook, ({ attempt_count }) => attempt_count > 0)
    for (const { id } of events)
      await waitForDelivery(john, given.webhook, (one) => one.event_id === id && one.status === 'pending')
  })

  it('after-restore --revoke-keys ends the keys too', async () => {
    const { code, out, err } = await runAdmin(
      into.folder,
      'after-restore',
      new Date().toISOString(),
      '--gap',
      '1',
      '--revoke-keys',
    )
    expect(code, err).toBe(0)
    expect(out).toContain('No API key is active.')
  })
})

import { stripVTControlCharacters } from 'node:util'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { formatLogLine } from '../../scripts/start/log-line.ts'
import { isWranglerMessage } from '../../scripts/start/server-output.ts'

const NOW = new Date(2026, 4, 4, 14, 25, 3)

const request = {
  level: 'info',
  request_id: 'r1',
  method: 'GET',
  route: '/api/v1/tickets/:ticket_id/comments',
  status: 200,
  duration_ms: 12,
  auth_ms: 1,
  db_ms: 2,
  account_id: 'acct_1',
  caller_id: 'user_1',
  db: { round_trips: 1, rows_read: 1, rows_written: 0 },
}

const format = (entry: unknown) => formatLogLine(JSON.stringify(entry), NOW)

afterEach(() => vi.unstubAllEnvs())

describe('a line of the log of npm start', () => {
  it('has method, path, status, duration and error code in columns', () => {
    const lines = [
      request,
      { ...request, method: 'DELETE', route: '/*', status: 404, duration_ms: 1_200, error_code: 'not_found' },
      { ...request, method: 'OPTIONS', route: '/api/v1/webhooks/:webhook_id/deliveries/:delivery_id/redeliver' },
    ]
    expect(lines.map(format)).toEqual([
      '14:25:03  GET     /api/v1/tickets/{ticket_id}/comments          200     12 ms',
      '14:25:03  DELETE  /*                                            404   1200 ms  not_found',
      '14:25:03  OPTIONS  /api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver  200     12 ms',
    ])
  })

  it('says where a fault was', () => {
    const failure = { error: 'TypeError', at: 'at listTickets (list.ts:7:1)' }
    expect(format({ ...request, level: 'error', status: 500, error_code: 'internal_error', failure })).toMatch(
      / 500 +12 ms {2}internal_error {2}TypeError at listTickets \(list\.ts:7:1\)$/,
    )
    expect(format({ level: 'error', failed: 'sweep', failure })).toBe(
      '14:25:03  sweep failed  TypeError at listTickets (list.ts:7:1)',
    )
    expect(format({ level: 'error', dead_letter: 'm1' })).toBe('14:25:03  error  {"dead_letter":"m1"}')
  })

  it.each(['', 'text', '7', 'null', '{"a":1}', '{"level":"loud"}', '{'])('is not %j', (line) => {
    expect(formatLogLine(line, NOW)).toBeNull()
  })

  it.each([
    [200, 32],
    [304, 36],
    [404, 33],
    [503, 31],
  ])('shows status %i in color %i where colors are supported', (status, color) => {
    vi.stubEnv('NO_COLOR', undefined)
    vi.stubEnv('FORCE_COLOR', '1')
    const line = format({ ...request, status }) ?? ''
    expect(line).toContain(`\u001b[${color}m${status}\u001b[39m`)
    expect(stripVTControlCharacters(line)).toMatch(new RegExp(` ${status} +12 ms$`))
  })
})

describe('a message of wrangler', () => {
  it.each([
    '',
    '[custom build] Running: node scripts/docs-assets.ts',
    'Using secrets defined in .dev.vars',
    'Your Worker has access to the following bindings:',
    'Binding                                     Resource          Mode',
    'env.DB (ticketing)                          D1 Database       local',
    'env.ASSETS                                  Assets            local',
    'env.WEBHOOK_RETRY_SCHEDULE ("5,300...")     Environment Variable      local',
    '⎔ Reloading local server...',
    '\u001b[1m⎔ Starting local server...\u001b[22m',
    '❓ Your types might be out of date.',
    '🪵  Logs were written to "/home/me/.config/.wrangler/logs/wrangler.log"',
    '[wrangler:info] GET /api/v1/tickets 200 OK (89ms)',
  ])('is %j', (line) => expect(isWranglerMessage(line)).toBe(true))

  it.each(['{"level":"info"}', 'debug: 7', 'env is', '[1, 2]', '  indented'])('is not %j', (line) =>
    expect(isWranglerMessage(line)).toBe(false),
  )
})

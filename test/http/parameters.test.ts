import { beforeAll, describe, expect, it } from 'vitest'
import { type Account, call, createTestAccount } from '../helpers/api'

let account: Account

beforeAll(async () => {
  account = await createTestAccount()
})

async function problems(path: string): Promise<{ field: string; message: string }[]> {
  const response = await call('GET', path, { token: account.agent.token })
  expect(response.status).toBe(400)
  return response.body.error.details
}

async function bodyProblems(body: unknown): Promise<{ field: string; message: string }[]> {
  const response = await call('POST', 'tickets', { token: account.agent.token, body })
  expect(response.status).toBe(400)
  return response.body.error.details
}

describe('query parameters', () => {
  it('must be known', async () => {
    expect(await problems('tickets?Stauts=open')).toEqual([
      { field: 'Stauts', message: 'Stauts is not a known parameter', code: 'unknown_parameter' },
    ])
    expect(await problems('users?email=x')).toHaveLength(1)
    expect(await problems('tickets/none/comments?sort=asc')).toHaveLength(1)
  })

  it('are told with U+FFFD in place of what no text may hold', async () => {
    expect(await problems('tickets?%02a%07b=1')).toEqual([
      { field: '\ufffda\ufffdb', message: '\ufffda\ufffdb is not a known parameter', code: 'unknown_parameter' },
    ])
    const broken = await bodyProblems({ title: 'T', description: 'D', custom_fields: { '\ud800\u0007': 1 } })
    expect(broken.map(({ field }) => field)).toEqual(['custom_fields.\ufffd\ufffd'])
    expect(broken[0]?.message).toMatch(/^\ufffd\ufffd is not a valid name/)
  })

  it('must be known on routes that have none', async () => {
    const login = await call('POST', 'auth/login?debug=1', { body: { email: 'a@b.example', password: 'x' } })
    expect(login.status).toBe(400)
    const made = await call('POST', 'tickets?dry_run=true', {
      token: account.agent.token,
      body: { title: 'T', description: 'D' },
    })
    expect(made.status).toBe(400)
  })

  it('S06 a key in the query does nothing', async () => {
    expect(await problems('tickets?api_key=tk_live_x')).toEqual([
      { field: 'api_key', message: 'api_key is not a known parameter', code: 'unknown_parameter' },
    ])
  })

  it('cursor has at most 500 characters, be it one of this very list', async () => {
    const { token } = account.agent
    for (const title of ['One', 'Two']) await call('POST', 'tickets', { token, body: { title, description: 'D' } })
    const page = await call('GET', 'tickets?per_page=1&cursor=', { token })
    const content = JSON.parse(Buffer.from(page.body.pagination.next_cursor, 'base64url').toString())
    const padded = (bytes: number) => {
      const [list, position] = content
      const bare = JSON.stringify([list, position, '']).length
      return Buffer.from(JSON.stringify([list, position, 'x'.repeat(bytes - bare)])).toString('base64url')
    }
    expect([padded(375).length, padded(376).length]).toEqual([500, 502])
    expect((await call('GET', `tickets?per_page=1&cursor=${padded(375)}`, { token })).status).toBe(200)
    expect(await problems(`tickets?per_page=1&cursor=${padded(376)}`)).toEqual([
      { field: 'cursor', message: 'Cursor must be at most 500 characters', code: 'too_long' },
    ])
  })

  it.each([...['0x10', '%205%20', '1e3', '', '-1', '%2B1', '1.0', '٣', 'NaN', 'Infinity', 'a'.repeat(1_000)]])(
    'rejects per_page=%s, which is not plain digits',
    async (value) => {
      expect(await problems(`tickets?per_page=${value}`)).toEqual([
        { field: 'per_page', message: 'per_page must be a whole number in plain digits', code: 'invalid_format' },
      ])
    },
  )

  it.each(['0', '101', '99999999999999999999', '9'.repeat(1_000)])('rejects per_page=%s', async (value) => {
    expect(await problems(`tickets?per_page=${value}`)).toEqual([
      { field: 'per_page', message: 'per_page must be between 1 and 100', code: 'invalid_value' },
    ])
  })

  it.each(['0', '', '1e1', '1000000000000000'])('page=%s is refused', async (value) => {
    expect((await problems(`users?page=${value}`)).map((problem) => problem.field)).toEqual(['page'])
  })

  it.each(['page=1&page=2', 'status=open&status=closed', 'q=a&q=b', 'sort=priority&sort=priority', 'tag=a&tag=b'])(
    '%s is refused, for a value comes once',
    async (query) => {
      expect(await problems(`tickets?${query}`)).toHaveLength(1)
    },
  )

  it.each([
    'status=',
    'sort=',
    'order=',
    'priority=',
    'assigned_to=',
    'created_by=',
    'tag=',
    'number=',
    'created_after=',
  ])('%s is refused, for it is empty', async (query) => {
    expect(await problems(`tickets?${query}`)).toHaveLength(1)
  })

  it.each(['sort=created_at;DROP TABLE tickets', "order=asc' OR '1'='1", "status=open' OR 1=1--", 'sort=__proto__'])(
    'S14 %s is refused',
    async (query) => {
      const [name, value = ''] = query.split(/=(.*)/s)
      expect(await problems(`tickets?${name}=${encodeURIComponent(value)}`)).toHaveLength(1)
    },
  )

  it('are told of all at once', async () => {
    const fields = (await problems('tickets?page=0&per_page=0&status=x&nope=1&sort=y')).map((problem) => problem.field)
    expect(fields.sort()).toEqual(['nope', 'page', 'per_page', 'sort', 'status'])
  })

  it.each(['%00', '%07', '%1b', '%7f', 'a%C2%85b'])('q=%s holds a control character', async (value) => {
    expect((await problems(`tickets?q=${value}`))[0]?.message).toMatch(/^Q must not contain control characters/)
    expect((await problems(`users?q=${value}`))[0]?.message).toMatch(/^Q must not contain control characters/)
  })

  it.each(['%', '100%', '%zz', '%ff', '%c3', '%ed%a0%80', 'a%80b'])(
    'q=%s is no percent-encoded UTF-8',
    async (value) => {
      const message = 'Q must be percent-encoded UTF-8, with % itself as %25'
      for (const path of ['tickets', 'users'])
        expect(await problems(`${path}?page=1&q=${value}`)).toEqual([{ field: 'q', message, code: 'invalid_format' }])
      const response = await call('GET', `tickets?q=${value}`, {})
      expect(response.status).toBe(401)
    },
  )

  it('a name that is no percent-encoded UTF-8 is told as it came', async () => {
    expect((await problems('tickets?%ff=1&q=%25ff+%C3%A9'))[0]?.field).toBe('%ff')
  })

  it('q has at most 200 characters, counted as people count', async () => {
    const { token } = account.agent
    expect((await call('GET', `tickets?q=${encodeURIComponent('😀'.repeat(200))}`, { token })).status).toBe(200)
    expect(await problems(`tickets?q=${encodeURIComponent('😀'.repeat(201))}`)).toHaveLength(1)
  })
})

describe('the words of a body’s problems', () => {
  it('name every failing field at once', async () => {
    const details = await bodyProblems({ title: '', priority: 1, tags: 'x', is_admin: true })
    expect(details).toEqual(
      expect.arrayContaining([
        { field: 'title', message: 'Title must not be empty', code: 'too_short' },
        { field: 'description', message: 'Description is required', code: 'required' },
        { field: 'priority', message: 'Priority must be one of: low, medium, high, critical', code: 'invalid_value' },
        { field: 'tags', message: 'Tags must be an array', code: 'invalid_type' },
        { field: 'is_admin', message: 'is_admin is not a known field', code: 'unknown_field' },
      ]),
    )
    expect(details).toHaveLength(5)
  })

  it('give the dotted path of a field within', async () => {
    const attachments = [{ filename: 'a.txt', content: 'aGk=', mime_type: 'text/plain' }, { filename: 'b' }]
    const details = await bodyProblems({ title: 'T', description: 'D', tags: ['ok', 7], attachments })
    expect(details).toEqual(
      expect.arrayContaining([
        { field: 'tags.1', message: 'tags.1 must be a string', code: 'invalid_type' },
        { field: 'attachments.1.content', message: 'Content is required', code: 'required' },
        { field: 'attachments.1.mime_type', message: 'mime_type is required', code: 'required' },
      ]),
    )
  })

  it('cut a field at 100 characters, and never within one', async () => {
    const [long] = await bodyProblems({ title: 'T', description: 'D', ['x'.repeat(5_000)]: 1 })
    expect(long?.field).toBe('x'.repeat(100))
    expect(long?.message.length).toBeLessThan(200)
    const [emoji] = await bodyProblems({ title: 'T', description: 'D', [`${'x'.repeat(99)}😀`]: 1 })
    expect(emoji?.field.isWellFormed()).toBe(true)
    expect(emoji?.message.isWellFormed()).toBe(true)
  })

  it.each([
    ['NUL', '\\u0000'],
    ['a bell', '\\u0007'],
    ['DEL', '\\u007f'],
    ['a C1 control', '\\u0085'],
    ['a lone high surrogate', '\\ud83d'],
    ['a lone low surrogate', 'x\\ude00x'],
    ['surrogates the wrong way round', '\\ude00\\ud83d'],
  ])('refuse %s in every text', async (_name, escaped) => {
    const raw = `{"title":"a${escaped}b","description":"a${escaped}b","tags":["a${escaped}b"],"custom_fields":{"k":"a${escaped}b"}}`
    const details = await bodyProblems(raw)
    expect(details.map((problem) => problem.field).sort()).toEqual([
      'custom_fields.k',
      'description',
      'tags.0',
      'title',
    ])
  })

  it('let all other text come back byte for byte', async () => {
    const description = ' \t\r\n é e\u0301 \u202e \u200b \ufeff 👩‍👩‍👧 \u{10ffff} \' " \\ <b> % '
    const response = await call('POST', 'tickets', { token: account.agent.token, body: { title: 'T', description } })
    expect(response.status).toBe(201)
    expect(response.body.data.description).toBe(description)
  })
})

import { beforeAll, describe, expect, it } from 'vitest'
import { type Account, createTestAccount, createTestMember, createTicket, type Member } from '../helpers/api'
import { callAs, detailsOf } from '../helpers/tickets'

let account: Account
let searcher: Member

/** Titles of tickets, with the description after a bar if it matters. */
const TICKETS = [
  'Printer jams | The paper tray is broken',
  'Crème brûlée order | Für die Küche',
  'C++ build fails | linker',
  'C is a language | compiler',
  "It's raining | inside",
  '100% CPU | load',
  '1000 CPU | load',
  'say "cheese" | photo',
  'NEAR(the end) | soon',
  'title: nothing | column',
  'star * light | night',
  'cats AND dogs | animals',
  'cats | dogs',
  'rocket 🚀 launch | go',
  'under_score and hy-phen | joined',
  'Ångström Straße | ДОБРЫЙ день',
  '日本語のチケット | 日本',
]

beforeAll(async () => {
  account = await createTestAccount()
  searcher = await createTestMember(account.id, 'agent')
  for (const text of TICKETS) {
    const [title, description] = text.split(' | ')
    await createTicket(account.customer, { title, description })
  }
})

/** The titles in the order of creation. Also checks the total. */
async function search(q: string, by = searcher): Promise<string[]> {
  const response = await callAs(by, 'GET', `tickets?per_page=100&order=asc&q=${encodeURIComponent(q)}`)
  expect(response.status, response.text).toBe(200)
  expect(response.body.pagination.total).toBe(response.body.data.length)
  return response.body.data.map((ticket: { title: string }) => ticket.title)
}

const FOUND: [q: string, titles: string[]][] = [
  ['printer', ['Printer jams']],
  ['PRINTER', ['Printer jams']],
  ['prin', ['Printer jams']],
  ['rinter', []],
  ['p', ['Printer jams', 'say "cheese"', 'under_score and hy-phen']],
  ['paper', ['Printer jams']],
  ['printer tray', ['Printer jams']],
  ['tray printer', ['Printer jams']],
  ['  tray \t pri\n', ['Printer jams']],
  ['printer screen', []],
  ['creme', ['Crème brûlée order']],
  ['BRULEE', ['Crème brûlée order']],
  ['brûl', ['Crème brûlée order']],
  ['fu\u0308r kuche', ['Crème brûlée order']],
  ['angstrom', ['Ångström Straße']],
  ['добрый', ['Ångström Straße']],
  ['日本', ['日本語のチケット']],
  ["it's", ["It's raining"]],
  ['It’s', ["It's raining"]],
  ['100%', ['100% CPU']],
  ['100', ['100% CPU', '1000 CPU']],
  ['under_score', ['under_score and hy-phen']],
  ['hy-phen', ['under_score and hy-phen']],
  ['"cheese"', ['say "cheese"']],
  ['"paper tray"', ['Printer jams']],
  ['NEAR(', ['NEAR(the end)']],
  ['NEAR(the end)', ['NEAR(the end)']],
  ['title:', ['title: nothing']],
  ['title:printer', []],
  ['scope:printer', []],
  ['{title}:printer', []],
  ['cats AND dogs', ['cats AND dogs']],
  ['cats OR printer', []],
  ['cats NOT dogs', []],
  ['cats dogs', ['cats AND dogs', 'cats']],
  ['^cats', ['cats AND dogs', 'cats']],
  ['cat*', ['cats AND dogs', 'cats']],
]

describe('q on GET /tickets', () => {
  it.each(FOUND)('S14 searches for words in any text: %j', async (q, titles) => {
    expect(await search(q)).toEqual(titles)
  })

  it('S14 finds a C++ ticket by C++, and not by a word that only begins with C', async () => {
    const found = await search('C++')
    expect(found).toContain('C++ build fails')
    expect(found).not.toContain('cats')
    expect(found).not.toContain('100% CPU')
  })

  it.each(['%', '*', '"', '""', '🚀', '%%', '_', "'", "';--", '-', '()', '\\'])(
    'S14 never finds everything for %j: at most the tickets that contain it',
    async (q) => {
      for (const title of await search(q)) expect(TICKETS.find((text) => text.startsWith(title))).toContain(q)
    },
  )

  it('S14 accepts every printable ASCII character that is neither a letter nor a digit, alone and within words', {
    timeout: 20_000,
  }, async () => {
    const signs = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).filter(
      (c) => !/[A-Za-z0-9]/.test(c),
    )
    expect(signs).toHaveLength(32)
    for (const sign of signs) {
      expect((await search(sign)).length, sign).toBeLessThan(TICKETS.length)
      const isSymbol = /[$+<=>|~]/.test(sign)
      expect(await search(`printer${sign}`), `printer${sign}`).toEqual(
        isSymbol || /[#%]/.test(sign) ? [] : ['Printer jams'],
      )
      expect(await search(`${sign}printer jams`), `${sign}printer`).toEqual(isSymbol ? [] : ['Printer jams'])
    }
    expect((await search(signs.join(''))).length).toBe(0)
    const punctuation = signs.filter((sign) => !/[$+<=>|~#%]/.test(sign)).join('')
    expect(await search(`${punctuation}jams${punctuation}`)).toEqual(['Printer jams'])
  })

  it('S14 accepts 1 to 200 characters, with an emoji as one', async () => {
    for (const q of ['a'.repeat(200), '😀'.repeat(200), '"'.repeat(200), 'z '.repeat(100)])
      expect(await search(q)).toEqual([])
    expect(await search(`${'( '.repeat(99)}NO`)).toEqual(await search('NO'))
    for (const q of ['a'.repeat(201), '😀'.repeat(201)]) {
      const response = await callAs(searcher, 'GET', `tickets?q=${encodeURIComponent(q)}`)
      expect(detailsOf(response, 400, 'invalid_input')).toEqual([
        { field: 'q', message: 'Q must be at most 200 characters', code: 'too_long' },
      ])
    }
  })

  it.each(['', ' ', '\u3000', ' \t\n '])('ignores white space alone (%j)', async (q) => {
    expect(await search(q)).toHaveLength(TICKETS.length)
  })

  it.each(['\0', 'a\u0007b', '\u009f'])('rejects control characters (%j)', async (q) => {
    const response = await callAs(searcher, 'GET', `tickets?q=${encodeURIComponent(q)}`)
    expect(detailsOf(response, 400, 'invalid_input')[0]?.field).toBe('q')
  })

  it('returns only a customer’s own tickets (S08)', async () => {
    await createTicket(account.stranger, { title: 'Printer of the stranger' })
    expect(await search('printer', account.customer)).toEqual(['Printer jams'])
    expect(await search('printer', account.stranger)).toEqual(['Printer of the stranger'])
    expect(await search('tray', account.stranger)).toEqual([])
    expect(await search('printer', account.admin)).toEqual(['Printer jams', 'Printer of the stranger'])
  })

  it('does not search accounts and creators in the index', async () => {
    const hex = (text: string) => Buffer.from(text).toString('hex')
    for (const q of [`zq${hex(account.id)}`, `zr${hex(account.customer.id)}`, 'zq', 'zr']) {
      expect(await search(q)).toEqual([])
    }
  })
})

import { getTableName } from 'drizzle-orm'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { ticketSearch } from '../../src/db/search-table'
import { searchKey } from '../../src/db/search-text'
import { sql } from '../../src/db/sql'
import { parseSearch } from '../../src/tickets/search'
import { type Account, createTestAccount, createTicket } from '../helpers/api'
import { wire } from '../helpers/d1'
import { row } from '../helpers/database'
import { callAs, detailsOf, getOk, seedTickets } from '../helpers/tickets'

let account: Account

beforeAll(async () => {
  account = await createTestAccount()
})
afterEach(() => {
  vi.restoreAllMocks()
})

const pathOf = (q: string, more = '') => `tickets?q=${encodeURIComponent(q)}${more}`

const termsOf = (match: string) => match.split(' AND ').filter((term) => term.startsWith('{title description}'))

function termsOfSearch(q: string): string[] {
  const search = parseSearch(q, { accountId: account.id, createdBy: null })
  return search === 'nothing' ? [] : termsOf(search.match)
}

const KINDS: [kind: string, word: (n: string) => string][] = [
  ['letter', (n) => String.fromCharCode(97 + Number(n))],
  ['Latin', (n) => `w${n}`],
  ['accented', (n) => `é${n}`],
  ['number', (n) => `7${n}`],
  ['Greek', (n) => `Ώρα${n}`],
  ['Cyrillic', (n) => `ёж${n}`],
  ['Arabic', (n) => `كلمة${n}`],
  ['Han', (n) => `日本語${n}`],
  ['kana', (n) => `チケット${n}`],
  ['Hangul', (n) => `한글${n}`],
  ['Thai', (n) => `ไม่ได้${n}`],
  ['Devanagari', (n) => `टिकट${n}`],
  ['with trailing symbols', (n) => `c${n}++`],
  ['with an apostrophe', (n) => `it’s${n}`],
  ['hyphenated', (n) => `a-${n}`],
  ['email address', (n) => `a${n}@b.cc`],
  ['version', (n) => `1.0.${n}`],
  ['quoted', (n) => `"w${n}"`],
  ['with one quotation mark', (n) => `"w${n}`],
  ['syntax of FTS5', (n) => `NEAR(w${n}`],
  ['column of FTS5', (n) => `scope:${n}`],
  ['with a star', (n) => `w${n}*`],
  ['with an emoji', (n) => `w${n}🚀`],
]

const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index))
/** As many as fit into a search text. */
const repeated = (word: string) => `${word} `.repeat(Math.floor(200 / ([...word].length + 1))).trim()

const TOO_MANY = [{ field: 'q', message: 'Q must have at most 10 different words', code: 'too_many' }]

describe('the number of different words in q', () => {
  it.each(KINDS)('%s: accepts 10 and rejects 11, each a term of its own', async (_kind, word) => {
    const ten = numbers(10).map(word).join(' ')
    expect(termsOfSearch(ten)).toHaveLength(10)
    await getOk(account.agent, pathOf(ten))
    const eleven = `${ten} ${word('10')}`
    expect(termsOfSearch(eleven)).toHaveLength(11)
    expect(detailsOf(await callAs(account.agent, 'GET', pathOf(eleven)), 400, 'invalid_input')).toEqual(TOO_MANY)
  })

  it.each(KINDS)('%s: accepts as many repeated words as fit, as one term', async (_kind, word) => {
    const q = repeated(word('1'))
    expect(termsOfSearch(q)).toEqual(termsOfSearch(word('1')))
    await getOk(account.agent, pathOf(q))
  })

  it.each([
    ['-', 'a-b-c'],
    ['.', 'a.b.c'],
    ["'", "a'b'c"],
  ])('counts the parts of words that %s separates: accepts 30 and rejects 31', async (separator) => {
    const wordParts = (count: number) => numbers(count).map((number) => `p${number}`)
    const words = (all: string[]) =>
      numbers(10)
        .map(Number)
        .map((index) => all.slice(3 * index, 3 * index + 3).join(separator))
    const thirty = words(wordParts(30))
    expect(termsOfSearch(thirty.join(' '))).toHaveLength(10)
    await getOk(account.agent, pathOf(thirty.join(' ')))
    const more = [...thirty.slice(0, 9), `${thirty[9]}${separator}p30`].join(' ')
    expect(detailsOf(await callAs(account.agent, 'GET', pathOf(more)), 400, 'invalid_input')).toEqual([
      { field: 'q', message: 'Q must have at most 30 terms, where a-b counts as two', code: 'too_many' },
    ])
  })

  it('accepts 100 repeated words among 10 different ones', async () => {
    const q = repeated(numbers(10).join(' '))
    expect(q.split(' ').length).toBeGreaterThanOrEqual(100)
    expect(termsOfSearch(q)).toHaveLength(10)
    await getOk(account.agent, pathOf(q))
  })

  it('does not count punctuation, which is not searched for', async () => {
    const q = `${numbers(10).join(' ')} - — ! … * " ( ) / ; , & @ # %`
    expect(termsOfSearch(q)).toHaveLength(10)
    await getOk(account.agent, pathOf(q))
  })

  it.each(['🚀', '+', '$', '~'])('counts %s, which is searched for', async (symbol) => {
    const q = `${numbers(10).join(' ')} ${symbol}`
    expect(detailsOf(await callAs(account.agent, 'GET', pathOf(q)), 400, 'invalid_input')).toEqual(TOO_MANY)
  })

  it.each([
    ['a page', ''],
    ['a page of a filtered list', '&status=open'],
    ['a page by cursor', '&cursor='],
    ['a ticket by its number', '&number=1'],
    ['an empty page', '&page=9'],
  ])('is limited for %s', async (_name, more) => {
    await getOk(account.customer, pathOf(numbers(10).join(' '), more))
    const rejected = await callAs(account.customer, 'GET', pathOf(numbers(11).join(' '), more))
    expect(detailsOf(rejected, 400, 'invalid_input')).toEqual(TOO_MANY)
  })

  it('is limited for an export', async () => {
    const path = (count: number) => `tickets/export?q=${numbers(count).join('+')}`
    expect((await callAs(account.agent, 'GET', path(10))).status).toBe(200)
    expect(detailsOf(await callAs(account.agent, 'GET', path(11)), 400, 'invalid_input')).toEqual(TOO_MANY)
  })

  it('is not reported in addition to the length', async () => {
    const response = await callAs(account.agent, 'GET', pathOf(`${numbers(11).join(' ')} ${'x'.repeat(200)}`))
    expect(detailsOf(response, 400, 'invalid_input')).toEqual([
      { field: 'q', message: 'Q must be at most 200 characters', code: 'too_long' },
    ])
  })
})

/** Terms that the index does not distinguish. */
const SAME: string[][] = [
  ['printer', 'PRINTER', 'Printer'],
  ['printer,', '(printer)', '"printer"', "'printer'", 'printer!', '"printer""'],
  ['brûlée', 'BRÛLÉE', 'brulee', 'bru\u0302le\u0301e'],
  ['ế', 'e', 'e\u0302\u0301', 'É'],
  ['ångström', '\u212bngström', 'ANGSTROM'],
  ['İ', 'i\u0307', 'i'],
  ['straße', 'STRAẞE', 'strasse'],
  ['ø', 'o', 'ǿ'],
  ['æ', 'ǽ', 'ae'],
  ['ΟΔΟΣ', 'οδος', 'οδοσ', 'οδός'],
  ['ДОБРЫЙ', 'добрый'],
  ['ſ', 'S'],
  ['µ', 'μ', 'Μ'],
  ['hy-phen', 'HY_PHEN', 'hy.phen'],
  ['日本語', '「日本語」'],
  ['한글', '한글'.normalize('NFD')],
  ['プリンタ', 'ﾌﾟﾘﾝﾀ'],
]

/** Terms that the index distinguishes, although they look alike. */
const DIFFERENT: string[][] = [
  ['ab', 'a-b'],
  ['мои', 'мой'],
  ['ไม่', 'ไม้'],
  ['c', 'c++', 'c#'],
  ['ab', 'abc'],
  ['a-b', 'b-a'],
]

describe('repeated words of q', () => {
  it.each(SAME.map((words) => ({ words })))('$words count as one word', ({ words }) => {
    expect(termsOfSearch(words.join(' '))).toHaveLength(1)
  })

  it.each(SAME.map((words) => ({ words })))(
    '$words find the same tickets together as one by one',
    async ({ words }) => {
      const own = await createTestAccount()
      await seedTickets(
        own,
        [...words, `${words[0]}s`, 'something else'].map((title) => ({ title })),
      )
      const found = async (q: string): Promise<string[]> =>
        (await getOk(own.agent, pathOf(q, '&per_page=100'))).body.data
          .map(({ title }: { title: string }) => title)
          .sort()
      const one = await Promise.all(words.map(found))
      expect(one.every((titles) => titles.length > 0)).toBe(true)
      const all = one.reduce((titles, others) => titles.filter((title) => others.includes(title)))
      expect(await found(words.join(' '))).toEqual(all)
      expect(await found(words.toReversed().join(' '))).toEqual(all)
    },
  )

  it.each(DIFFERENT.map((words) => ({ words })))('$words are different words', ({ words }) => {
    expect(termsOfSearch(words.join(' '))).toHaveLength(words.length)
  })

  it('do not replace a word with trailing symbols', async () => {
    for (const title of ['C++ build', 'Cats']) await createTicket(account.stranger, { title })
    for (const q of ['c C++', 'C++ c', 'C C++ c']) {
      expect(termsOfSearch(q)).toHaveLength(2)
      expect((await getOk(account.stranger, pathOf(q))).body.data).toHaveLength(1)
    }
  })

  it.each([
    ['a page and its total', '', 2],
    ['an empty page and its total', '&page=99', 2],
    ['a page by cursor', '&cursor=', 1],
    ['a ticket by its number', '&number=1', 2],
  ])('are omitted when %s is requested', async (_name, more, expressions) => {
    await getOk(account.agent, 'tickets?per_page=1')
    const queries = vi.spyOn(wire, 'fetch')
    await getOk(account.agent, pathOf(repeated('tray Tray paper'), more))
    const sent = queries.mock.calls.flatMap(([, { body }]) => [JSON.parse(body)].flat())
    const matches = sent.flatMap(({ params }: { params: unknown[] }) =>
      params.filter((param): param is string => typeof param === 'string' && param.startsWith('{title description}')),
    )
    expect(matches).toHaveLength(expressions)
    const terms = ['tray', 'paper'].map((word) => `{title description} : "${searchKey(account.id)}${word}" *`)
    for (const match of matches) expect(termsOf(match)).toEqual(terms)
  })
})

describe('the full-text index', () => {
  it('has indexes of prefixes of the key of an account and one or two characters', async () => {
    const table = await row<{ sql: string }>(
      sql`SELECT sql FROM sqlite_master WHERE name = ${getTableName(ticketSearch)}`,
    )
    expect(table?.sql).toContain(`prefix='${searchKey(account.id).length + 1} ${searchKey(account.id).length + 2}'`)
  })
})

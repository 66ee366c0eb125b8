import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { alias, qualified } from '../../src/db/alias'
import { byPlan } from '../../src/db/by-plan'
import { jsonTable } from '../../src/db/json-table'
import { render } from '../../src/db/render'
import { accounts } from '../../src/db/schema/accounts'
import { comments, tickets } from '../../src/db/schema/tickets'
import { selection } from '../../src/db/selection'
import { type SQL, sql } from '../../src/db/sql'
import { query, select } from '../../src/db/statement'
import { deleteFrom, insertSelect, omitUndefined, update } from '../../src/db/write'

const t = alias(tickets, 't')
const c = alias(comments, 'c')

describe('a template', () => {
  const idOf = (table: SQL, column: SQL, id: string) =>
    render(sql`SELECT ${column} FROM ${table} WHERE ${column} = ${id}`)

  it('renders the same text for the constants it had at first and for others', () => {
    const expected = { text: 'SELECT t.id FROM tickets t WHERE t.id = ?1', values: ['a'] }
    expect(idOf(t, t.id, 'a')).toEqual(expected)
    expect(idOf(c, c.id, 'b')).toEqual({ text: 'SELECT c.id FROM comments c WHERE c.id = ?1', values: ['b'] })
    expect(idOf(t, t.id, 'a')).toEqual(expected)
  })

  it('renders values, nested templates and columns where a constant was at first', () => {
    const compare = (value: unknown) => render(sql`${t.number} = ${value}`)
    expect(compare(t.version)).toEqual({ text: 't.number = t.version', values: [] })
    expect(compare(7)).toEqual({ text: 't.number = ?1', values: [7] })
    expect(compare(sql`${7} + ${7}`)).toEqual({ text: 't.number = ?1 + ?1', values: [7] })
    expect(compare(null)).toEqual({ text: 't.number = ?1', values: [null] })
  })

  it('joins queries and values', () => {
    expect(render(sql`(${sql.join([sql`1`, 'two', t.id], sql`, `)})`)).toEqual({
      text: '(1, ?1, t.id)',
      values: ['two'],
    })
    expect(render(sql.join([sql`a`, sql`b`])).text).toBe('ab')
    expect(render(sql.join([], sql`, `)).text).toBe('')
  })

  it('rejects anything else', () => {
    for (const value of [undefined, true, {}, new Date()]) expect(() => render(sql`${value}`)).toThrow(TypeError)
  })
})

describe('a qualified table', () => {
  it('is its name, and its columns begin with it', () => {
    const { text } = render(sql`UPDATE ${qualified(tickets)} SET ${tickets.title} = ${qualified(tickets).id}`)
    expect(text).toBe('UPDATE tickets SET title = tickets.id')
  })
})

describe('the value of a plan', () => {
  it('is that of the plan in the column', async () => {
    const limit = byPlan(accounts.plan, { standard: 2, premium: 5 })
    const { text } = render(
      sql`SELECT ${accounts.plan}, ${limit} AS value FROM (SELECT value AS plan FROM json_each(?1))`,
    )
    const { results } = await env.DB.prepare(text).bind('["standard", "premium"]').all()
    expect(results).toEqual([
      { plan: 'standard', value: 2 },
      { plan: 'premium', value: 5 },
    ])
  })
})

describe('a JSON table', () => {
  it('has the fields of its rows in their order', async () => {
    const table = jsonTable('row', { title: tickets.title, assigned_to: tickets.assignedTo, number: tickets.number })
    const { columns } = table
    const rows = [
      { title: "It's", assigned_to: null, number: 2 },
      { title: 'T', assigned_to: 'a', number: 1 },
    ]
    const fields = sql.join([columns.title, columns.assigned_to, columns.number], sql`, `)
    const { text, values } = render(sql`SELECT json_array(${fields}) AS found FROM ${table.of(rows)} ORDER BY row.key`)
    const { results } = await env.DB.prepare(text)
      .bind(...values)
      .all<{ found: string }>()
    expect(results.map(({ found }) => JSON.parse(found))).toEqual([
      ["It's", null, 2],
      ['T', 'a', 1],
    ])
  })
})

describe('statements', () => {
  const TICKET = selection({ id: t.id, by: t.createdBy })

  it('name the columns that they return', () => {
    const found = select(TICKET, sql`FROM ${t} WHERE ${t.id} = ${'a'}`)
    expect(found.columns).toEqual(['id', 'by'])
    expect(render(found.query).text).toBe('SELECT t.id AS id, t.created_by AS by FROM tickets t WHERE t.id = ?1')
    expect(select({ n: sql<number>`count(*)` }, sql`FROM ${tickets}`).columns).toEqual(['n'])
    expect(query(TICKET, sql`SELECT ${TICKET.list} FROM ${t}`).columns).toEqual(['id', 'by'])
  })

  it('write the columns of the schema', () => {
    const values = {
      accountId: 'a',
      id: t.id,
      ticketId: 'b',
      createdBy: 'c',
      content: 'd',
      isInternal: 0,
      createdAt: 1,
    }
    expect(render(insertSelect(comments, values, sql`FROM ${t}`).query)).toEqual({
      text:
        'INSERT INTO comments (account_id, id, ticket_id, created_by, content, is_internal, created_at) ' +
        'SELECT ?1, t.id, ?2, ?3, ?4, ?5, ?6 FROM tickets t',
      values: ['a', 'b', 'c', 'd', 0, 1],
    })
    const changed = update(tickets, { title: 'T', version: sql`${tickets.version} + 1` }, sql`${tickets.id} = ${'a'}`)
    expect(render(changed.query).text).toBe('UPDATE tickets SET title = ?1, version = version + 1 WHERE id = ?2')
    expect(render(deleteFrom(tickets, sql`${tickets.id} = ${'a'}`).query).text).toBe(
      'DELETE FROM tickets WHERE id = ?1',
    )
  })

  it('omit only fields that a request may omit', () => {
    const values = omitUndefined({ title: undefined, assignedTo: null })
    expect(render(update(tickets, values, sql`1`).query).text).toBe('UPDATE tickets SET assigned_to = ?1 WHERE 1')
    const undefinedTitle: object = { title: undefined, assignedTo: null }
    expect(() => render(update(tickets, undefinedTitle, sql`1`).query)).toThrow(TypeError)
  })

  it('reject what the schema lacks', () => {
    expect(() => update(tickets, {}, sql`1`)).toThrow('at least one column')
    const unknown: object = { unknown: 1 }
    expect(() => update(tickets, unknown, sql`1`)).toThrow('no column unknown')
    expect(() => selection({ n: sql`${1}` })).toThrow('no values')
  })
})

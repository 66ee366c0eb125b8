import { describe, expect, it } from 'vitest'
import { globexActivity } from '../../scripts/demo/globex.ts'
import { COLLEAGUES } from '../../scripts/demo/people.ts'

const DAY = 24 * 60 * 60 * 1_000
const NOW = Date.parse('2026-11-30T12:00:00Z')
const { rows, ticketNumber, eventSequence, lastWriteAt } = globexActivity(NOW)

const distinct = <T>(values: T[]) => new Set(values).size

describe('the tickets of the account globex', () => {
  it('are the same for the same time', () => {
    expect(globexActivity(NOW)).toEqual({ rows, ticketNumber, eventSequence, lastWriteAt })
  })

  it('are the same at another time, but for times and IDs', () => {
    const texts = (now: number) =>
      globexActivity(now).rows.tickets.map(({ title, status, version }) => [title, status, version])
    expect(texts(NOW + 400 * DAY)).toEqual(texts(NOW))
  })

  it('are 200 of the last 90 days, with all statuses, priorities and people', () => {
    expect(rows.tickets).toHaveLength(200)
    expect(ticketNumber).toBe(200)
    expect(distinct(rows.tickets.map(({ status }) => status))).toBe(4)
    expect(distinct(rows.tickets.map(({ priority }) => priority))).toBe(4)
    expect(distinct(rows.tickets.map(({ assignedTo }) => assignedTo))).toBe(5)
    expect(distinct(rows.comments.map(({ createdBy }) => createdBy))).toBe(COLLEAGUES.length)
    expect(distinct(rows.tickets.map(({ title }) => title))).toBeGreaterThan(150)
    expect(distinct(rows.tickets.flatMap(({ tags }) => JSON.parse(tags)))).toBeGreaterThan(30)
    const times = rows.tickets.map(({ createdAt }) => createdAt)
    expect(Math.min(...times)).toBeGreaterThan(NOW - 91 * DAY)
    expect(lastWriteAt).toBeLessThan(NOW)
  })

  it('have no place that was not filled in', () => {
    expect(JSON.stringify([rows.tickets, rows.comments])).not.toMatch(/\{(site|device|product|version|month|n|order)\}/)
  })

  it('have unique IDs, and numbers in the order of creation', () => {
    const ids = [rows.tickets, rows.comments, rows.events].flatMap((list) => list.map(({ id }) => id))
    expect(distinct(ids)).toBe(ids.length)
    for (const id of ids) expect(id).toMatch(/^(ticket|comment|evt)_[0-7][0-9a-hjkmnp-tv-z]{25}$/)
    expect(rows.tickets.map(({ number }) => number)).toEqual(rows.tickets.map((_, index) => index + 1))
    for (const list of [rows.tickets, rows.comments]) {
      const times = list.map(({ createdAt }) => createdAt)
      expect(times).toEqual([...new Set(times)].toSorted((a, b) => a - b))
    }
  })

  it('have a history that leads from creation to the current values', () => {
    for (const ticket of rows.tickets) {
      const history = rows.history.filter(({ ticketId }) => ticketId === ticket.id)
      const current = new Map([
        ['status', '"open"'],
        ['assigned_to', 'null'],
      ])
      for (const { field, previous, current: next } of history) {
        expect(previous).not.toBe(next)
        if (current.has(field)) expect(previous).toBe(current.get(field))
        current.set(field, next)
      }
      expect(current.get('status')).toBe(JSON.stringify(ticket.status))
      expect(current.get('assigned_to')).toBe(JSON.stringify(ticket.assignedTo))
      expect(current.get('priority') ?? JSON.stringify(ticket.priority)).toBe(JSON.stringify(ticket.priority))
      expect(current.get('tags') ?? ticket.tags).toBe(ticket.tags)
      const comments = rows.comments.filter(({ ticketId, isInternal }) => ticketId === ticket.id && isInternal === 0)
      expect(ticket.version).toBe(1 + distinct(history.map(({ changeId }) => changeId)) + comments.length)
    }
  })

  it('have events of the last 30 days without gaps', () => {
    const sequences = rows.events.map(({ sequence }) => sequence)
    const first = sequences[0] ?? 0
    expect(sequences).toEqual(Array.from({ length: eventSequence - first + 1 }, (_, index) => first + index))
    expect(first).toBeGreaterThan(1)
    for (const { createdAt } of rows.events) expect(createdAt).toBeGreaterThan(NOW - 30 * DAY)
  })
})

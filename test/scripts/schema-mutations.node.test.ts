import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../../scripts/lib/local-state.ts'
import { mutationsOf } from '../../scripts/lib/schema-mutations.ts'

const mutations = mutationsOf(ROOT)

/** The line that a mutation changes, before and after. */
function linesOf(name: string): (string | undefined)[] {
  const mutation = mutations.find((each) => each.name === name)
  if (!mutation) return []
  const before = readFileSync(join(ROOT, mutation.file), 'utf8')
  const after = before.slice(0, mutation.start) + mutation.text + before.slice(mutation.end)
  const line = before.slice(0, mutation.start).split('\n').length - 1
  return [before, after].map((text) => text.split('\n')[line]?.trim())
}

describe('the mutations of the schema', () => {
  it('rename a column only in TypeScript', () => {
    expect(linesOf('tickets.title renamed')).toEqual([
      "title: text('title').notNull(),",
      "titleRenamed: text('title').notNull(),",
    ])
  })

  it('make a column nullable and keep its default', () => {
    expect(linesOf('accountCounters.activeWebhooks made nullable')).toEqual([
      "activeWebhooks: integer('listeners').notNull().default(0),",
      "activeWebhooks: integer('listeners').default(0),",
    ])
  })

  it('add a value to an enum', () => {
    expect(linesOf('users.kind with another value')).toEqual([
      "kind: text('kind', { enum: ['person', 'key'] }).notNull(),",
      "kind: text('kind', { enum: ['person', 'key', 'another'] }).notNull(),",
    ])
  })

  it('have distinct names', () => {
    expect(new Set(mutations.map(({ name }) => name)).size).toBe(mutations.length)
  })
})

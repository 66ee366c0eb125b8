import { expect } from 'vitest'
import type { Answer, Member } from './api'
import { got, idsOf } from './tickets'

/** Walking lists by cursor. */

/** The IDs on pages by cursor, from a first one until there are no more; between any two of them `meanwhile` happens. */
export async function walkFrom(
  by: Member,
  path: string,
  first: Answer,
  way: 'next' | 'prev',
  meanwhile: (seen: string[]) => Promise<void>,
): Promise<string[][]> {
  const pages: string[][] = []
  for (let page = first; ; ) {
    const seen = idsOf(page.body.data)
    pages.push(seen)
    const cursor = page.body.pagination[`${way}_cursor`]
    if (cursor === null) return pages
    await meanwhile(seen)
    page = await got(by, `${path}&cursor=${cursor}`)
  }
}

/**
 * Walks a list there and back; `meanwhile` makes things come and go between two pages, and is given what stands at the
 * cursor and what was there at the beginning. Fails unless all that stayed was found, in order, and nothing twice.
 */
export async function expectWalksBothWays(
  by: Member,
  path: string,
  present: () => Promise<{ id: string }[]>,
  meanwhile: (standing: string | undefined, before: string[]) => Promise<void>,
): Promise<void> {
  let first = await got(by, `${path}&cursor=`)
  for (const way of ['next', 'prev'] as const) {
    const before = idsOf(await present())
    const pages = await walkFrom(by, path, first, way, (seen) => meanwhile(seen.at(way === 'next' ? -1 : 0), before))
    expect(pages.length).toBeGreaterThan(1)
    const found = (way === 'next' ? pages : pages.toReversed()).flat()
    expect(new Set(found).size).toBe(found.length)
    const left = new Set(idsOf(await present()))
    const stayed = before.filter((id) => left.has(id))
    expect(found.filter((id) => stayed.includes(id))).toEqual(stayed)
    while (first.body.pagination.next_page_url !== null) first = await got(by, first.body.pagination.next_page_url)
  }
}

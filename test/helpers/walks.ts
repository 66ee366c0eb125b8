import { expect } from 'vitest'
import type { Member, TestResponse } from './api'
import { getOk, idsOf } from './tickets'

/** The IDs of all pages, from the first cursor to the last. `meanwhile` runs between pages. */
export async function walkFrom(
  by: Member,
  path: string,
  first: TestResponse,
  direction: 'next' | 'prev',
  meanwhile: (seen: string[]) => Promise<void>,
): Promise<string[][]> {
  const pages: string[][] = []
  for (let page = first; ; ) {
    const seen = idsOf(page.body.data)
    pages.push(seen)
    const cursor = page.body.pagination[`${direction}_cursor`]
    if (cursor === null) return pages
    await meanwhile(seen)
    page = await getOk(by, `${path}&cursor=${cursor}`)
  }
}

/**
 * Pages through a list to the end and back. `meanwhile` creates and deletes items between pages; it gets the item at
 * the cursor and the initial items. Expects every remaining item exactly once, in order.
 */
export async function expectWalksBothWays(
  by: Member,
  path: string,
  present: () => Promise<{ id: string }[]>,
  meanwhile: (standing: string | undefined, before: string[]) => Promise<void>,
): Promise<void> {
  let first = await getOk(by, `${path}&cursor=`)
  for (const direction of ['next', 'prev'] as const) {
    const before = idsOf(await present())
    const pages = await walkFrom(by, path, first, direction, (seen) =>
      meanwhile(seen.at(direction === 'next' ? -1 : 0), before),
    )
    expect(pages.length).toBeGreaterThan(1)
    const found = (direction === 'next' ? pages : pages.toReversed()).flat()
    expect(new Set(found).size).toBe(found.length)
    const left = new Set(idsOf(await present()))
    const stayed = before.filter((id) => left.has(id))
    expect(found.filter((id) => stayed.includes(id))).toEqual(stayed)
    while (first.body.pagination.next_page_url !== null) first = await getOk(by, first.body.pagination.next_page_url)
  }
}

import { existsSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT } from '../../scripts/lib/local-state.ts'
import { GUIDE_GROUPS } from '../../site/navigation.ts'
import { brokenCodes, openPage, PHONE, startBrowser, widthOf } from '../helpers/node/docs-browser.ts'
import { preparedState } from '../helpers/node/prepared-state.ts'
import { freePort, type RunningServer, startServer } from '../helpers/node/server.ts'

const PATIENCE = { timeout: 50_000 }
const GUIDES = GUIDE_GROUPS.flatMap(({ guides }) => guides)

const state = preparedState()
let server: RunningServer
let browser: Browser

beforeAll(async () => {
  browser = await startBrowser()
  server = await startServer(await freePort(), state.folder)
})

afterAll(async () => {
  await browser?.close()
  await server?.stop()
  state.remove()
})

/** Code blocks and tables scroll themselves; nothing else may be wider than the window. */
async function expectReadable(page: Page, width: number): Promise<void> {
  expect(await brokenCodes(page), page.url()).toEqual([])
  expect(await widthOf(page), page.url()).toBe(width)
}

/** Leaving a page aborts what it still loads in advance. */
function unexpected(problems: string[]): string[] {
  return problems.filter((problem) => !problem.endsWith('net::ERR_ABORTED'))
}

function backgroundOf(page: Page): Promise<string> {
  return page.evaluate('getComputedStyle(document.body).backgroundColor')
}

it('every guide of the sidebar exists', () => {
  const missing = GUIDES.filter(({ name }) => !existsSync(`${ROOT}docs/guides/${name}.md`)).map(({ name }) => name)
  expect(missing, 'site/navigation.ts names them').toEqual([])
})

describe.each([
  ['a desktop', {}, 1280],
  ['a phone', PHONE, 390],
])('the guides on %s', (_device, options, width) => {
  it('are all reachable from the first, readable, without errors and violations of the policy', async () => {
    const { page, problems } = await openPage(browser, `${server.origin}/docs`, options)
    await page.getByRole('heading', { level: 1, name: 'Ticketing API' }).waitFor()
    await expectReadable(page, width)
    await page.getByRole('link', { name: 'Get started' }).click()
    for (const [index, { name }] of GUIDES.entries()) {
      await page.waitForURL(`**/docs/guides/${name}`)
      const following = GUIDES[index + 1]
      // The address changes before the page does, which still has the link to this guide.
      const next = page.locator(
        `.pager-link.next[href$="/docs/${following ? `guides/${following.name}` : 'reference'}"]`,
      )
      await next.waitFor()
      await expectReadable(page, width)
      await next.click()
    }
    await page.waitForURL('**/docs/reference')
    await page.goto(`${server.origin}/docs/operations`)
    await page.getByRole('heading', { level: 1, name: 'All operations' }).waitFor()
    await expectReadable(page, width)
    expect(unexpected(problems)).toEqual([])
  })

  it('lead from an operation to its place in the reference', async () => {
    const { page, problems } = await openPage(browser, `${server.origin}/docs/operations#createTicket`, options)
    await page.locator('a[href$="POST/tickets"]').click()
    await page.waitForURL('**/docs/reference#tag/tickets/POST/tickets')
    await page.locator('[id$="tag/tickets/POST/tickets"] h3:visible').first().waitFor()
    expect(unexpected(problems)).toEqual([])
  })
})

describe('the search', () => {
  it.each([
    ['verify signature', '/docs/guides/webhooks#', 'Verify'],
    ['rate limit', '/docs/guides/', 'Rate'],
    ['retry', '/docs/guides/', 'Retry'],
    ['upload file', '/docs/guides/attachments#', 'Upload'],
    ['createTicket', '/docs/operations#createTicket', 'ticket'],
    ['rotate signing secret', '/docs/operations#rotateWebhookSecret', 'Rotate'],
  ])('finds "%s"', async (query, path, words) => {
    const { page, problems } = await openPage(browser, `${server.origin}/docs`)
    await page.getByRole('button', { name: 'Search' }).first().click()
    await page.locator('.VPLocalSearchBox input').fill(query)
    const first = page.locator('.VPLocalSearchBox .result').first()
    await first.locator('mark').first().waitFor()
    expect(await first.getAttribute('href')).toContain(path)
    await first.getByText(words, { exact: false }).first().waitFor()
    await first.click()
    await page.waitForURL(`**${path}*`)
    expect(unexpected(problems)).toEqual([])
  })

  it('finds operations of the reference', async () => {
    const { page } = await openPage(browser, `${server.origin}/docs`, PHONE)
    await page.getByRole('button', { name: 'Search' }).first().click()
    await page.locator('.VPLocalSearchBox input').fill('POST /webhooks/{webhook_id}/rotate-secret')
    await expect
      .poll(
        () =>
          page.locator('.VPLocalSearchBox .result').evaluateAll((all) => all.map((each) => each.getAttribute('href'))),
        PATIENCE,
      )
      .toContain('/docs/operations#rotateWebhookSecret')
  })
})

describe('the colors', () => {
  it('follow the system, and the choice of the reader in guides and reference', async () => {
    const light = await openPage(browser, `${server.origin}/docs/operations`, { colorScheme: 'light' })
    const dark = await openPage(browser, `${server.origin}/docs/operations`, { colorScheme: 'dark' })
    expect(await backgroundOf(light.page)).toBe('rgb(255, 255, 255)')
    expect(await backgroundOf(dark.page)).toBe('rgb(27, 27, 31)')

    await light.page.getByRole('switch').first().click()
    await expect.poll(() => backgroundOf(light.page), PATIENCE).toBe('rgb(27, 27, 31)')
    await light.page.reload()
    expect(await backgroundOf(light.page)).toBe('rgb(27, 27, 31)')
    await light.page.goto(`${server.origin}/docs/reference`)
    await light.page.locator('body.dark-mode').waitFor()
    expect(unexpected([...light.problems, ...dark.problems])).toEqual([])
  })
})

it('guides are readable without scripts', async () => {
  const { page } = await openPage(browser, `${server.origin}/docs/operations`, { ...PHONE, javaScriptEnabled: false })
  await page.getByRole('heading', { level: 1, name: 'All operations' }).waitFor()
  expect(await page.locator('a[href^="/docs/reference#"]').count()).toBeGreaterThan(50)
  await page.goto(`${server.origin}/docs`)
  await page.getByRole('link', { name: 'API reference' }).last().click()
  expect(page.url()).toBe(`${server.origin}/docs/reference`)
})

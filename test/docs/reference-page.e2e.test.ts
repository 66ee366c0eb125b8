import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  brokenCodes,
  type Docs,
  openDocs,
  openPage,
  PHONE,
  startBrowser,
  widthOf,
} from '../helpers/node/docs-browser.ts'
import { preparedState } from '../helpers/node/prepared-state.ts'
import { freePort, type RunningServer, startServer } from '../helpers/node/server.ts'

const PATIENCE = { timeout: 50_000 }

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

const Login = z.object({ token: z.string() })
const Created = z.object({ data: z.object({ id: z.string(), title: z.string() }) })
const Listed = z.object({ data: z.array(z.unknown()) })
const Uploaded = z.object({ data: z.object({ id: z.string(), size: z.number(), sha256: z.string() }) })
const Failed = z.object({ error: z.object({ details: z.array(z.object({ field: z.string(), message: z.string() })) }) })

let docs: Docs
let token: string

/** On one line, because the page breaks lines depending on the space. */
async function shown(element: { innerText(): Promise<string> }): Promise<string> {
  return (await element.innerText()).replace(/\s+/g, ' ')
}

describe('the docs page, in Chromium and without a network', () => {
  beforeAll(async () => {
    docs = await openDocs(browser, server.origin)
  })

  it('is named by npm start, and shows the operations that /openapi.json has', async () => {
    expect(server.output()).toContain(`${server.origin}/docs`)
    await docs.page.getByRole('heading', { level: 1, name: 'Ticketing API' }).waitFor()
    expect(await docs.page.title()).toBe('Ticketing API reference')
    const contents = docs.page.getByRole('complementary')
    for (const tag of ['Authentication', 'Tickets', 'Attachments', 'Webhooks'])
      await contents.getByText(tag, { exact: true }).waitFor()
  })

  it('shows the codes of errors as whole words', async () => {
    await docs.page.locator('table code', { hasText: 'unsupported_media_type' }).waitFor()
    expect(await brokenCodes(docs.page)).toEqual([])
  })

  it('removes its plain version once it shows the document', async () => {
    await expect.poll(() => docs.page.locator('.plain-reference').count(), PATIENCE).toBe(0)
    expect(await docs.page.getByRole('heading', { level: 1 }).allInnerTexts()).toEqual(['Ticketing API'])
  })

  it('does not offer to send the requests of webhooks', async () => {
    await docs.page.evaluate(`location.hash = 'tag/webhook-events/webhook/POST/ticket.created'`)
    const section = docs.page.locator('[id$="webhook/POST/ticket.created"]').first()
    await section.getByText('"ticket.created"').first().waitFor()
    expect(await section.getByRole('button', { name: /test request/i }).count()).toBe(0)
  })

  it('logs in with the demo login, at the server that it is served from', async () => {
    await docs.open('post', '/auth/login')
    expect(await shown(docs.form)).toContain(`${server.origin}/api/v1`)
    const login = await docs.send()
    expect(login.status).toBe(200)
    token = Login.parse(JSON.parse(login.body)).token
    expect(await shown(docs.responseArea)).toContain('"email": "user@example.com"')
  })

  it('takes the token of the login for the requests that follow', async () => {
    await expect.poll(() => docs.form.getByPlaceholder('Token').inputValue(), PATIENCE).toBe(token)
    await docs.close()
  })

  it('creates a ticket, and shows status, body and what is left of the rate limit', async () => {
    await docs.open('post', '/tickets')
    const ticket = { title: 'Printer on fire', description: 'Third floor', priority: 'critical', tags: ['printer'] }
    await docs.form
      .getByRole('textbox')
      .last()
      .fill(JSON.stringify(ticket, null, 2))
    const created = await docs.send()
    expect(created).toMatchObject({ status: 201, authorization: `Bearer ${token}` })
    const { id } = Created.parse(JSON.parse(created.body)).data
    expect(await shown(docs.responseArea)).toMatch(
      new RegExp(`201 Created .*"id": "${id}".*"title": "Printer on fire"`),
    )
    await takeScreenshot()

    await docs.responseArea.getByRole('button', { name: 'Response Headers' }).click()
    const text = await shown(docs.responseArea)
    for (const name of ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset', 'ratelimit'])
      expect(text.toLowerCase(), name).toContain(` ${name} ${created.headers[name]} `)
    expect(created.headers).toMatchObject({ 'x-ratelimit-limit': '100', location: `/api/v1/tickets/${id}` })
    await docs.close()
  })

  it('sends nothing that a request can do without: no filter, no idempotency key, no version', async () => {
    await docs.open('get', '/tickets')
    await docs.form.getByLabel('Include number in request').waitFor({ state: 'attached' })
    expect(await docs.form.locator('tr.alert').count(), 'warnings before anything is typed').toBe(0)
    expect(Listed.parse(JSON.parse((await docs.send()).body)).data.length).toBeGreaterThan(2)
    await docs.close()
    await docs.open('post', '/tickets')
    const made = [await docs.send(), await docs.send()].map(({ body }) => Created.parse(JSON.parse(body)).data.id)
    expect(new Set(made).size).toBe(2)
    await docs.close()
    await docs.open('patch', '/tickets/{ticket_id}')
    expect((await docs.send()).status).toBe(200)
    await docs.close()
  })

  it('uploads a file, which is stored byte for byte', async () => {
    const bytes = Buffer.from(Array.from({ length: 1_000 }, (_, index) => index % 256))
    await docs.open('post', '/tickets/{ticket_id}/attachments')
    const chooser = docs.page.waitForEvent('filechooser')
    await docs.form.getByRole('button', { name: 'Select File' }).click()
    await (await chooser).setFiles({ name: 'error_log.txt', mimeType: 'application/octet-stream', buffer: bytes })
    const uploaded = await docs.send()
    expect(uploaded).toMatchObject({ status: 201, authorization: `Bearer ${token}` })
    const { id, ...stored } = Uploaded.parse(JSON.parse(uploaded.body)).data
    expect(stored).toEqual({ size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') })
    expect(await shown(docs.responseArea)).toContain(`"id": "${id}"`)
    await docs.close()
  })

  it('keeps the token nowhere but in its memory', async () => {
    const storage = await docs.page.evaluate(`indexedDB.databases().then((databases) =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, databases]))`)
    expect(storage).toBe('[{},{},"",[]]')
  })

  it('has asked no other host, kept to its policy and written no error', () => {
    expect(docs.problems).toEqual([])
  })
})

describe('the docs page on a phone', () => {
  let phone: Docs

  beforeAll(async () => {
    phone = await openDocs(browser, server.origin, { ...PHONE, colorScheme: 'dark' })
  })

  it('shows the codes of errors as whole words', async () => {
    await phone.page.locator('table code', { hasText: 'unsupported_media_type' }).waitFor()
    expect(await brokenCodes(phone.page)).toEqual([])
  })

  it('shows what is wrong with a request field by field, with a token that is put in by hand', async () => {
    await phone.open('post', '/tickets')
    await phone.form.getByPlaceholder('Token').fill(token)
    await phone.form.getByRole('textbox').last().fill('{"title":"","priority":"urgent","tag":[]}')
    const rejected = await phone.send()
    expect(rejected).toMatchObject({ status: 400, authorization: `Bearer ${token}` })
    const { details } = Failed.parse(JSON.parse(rejected.body)).error
    expect(details.map(({ field }) => field).toSorted()).toEqual(['description', 'priority', 'tag', 'title'])
    const text = await shown(phone.responseArea)
    for (const { field, message } of details) expect(text).toContain(`"field": "${field}", "message": "${message}"`)
  })

  it('is no wider than the phone', async () => {
    expect(await widthOf(phone.page)).toBe(390)
    expect(await phone.responseArea.evaluate((element) => element.scrollWidth <= element.clientWidth)).toBe(true)
  })

  it('has asked no other host, kept to its policy and written no error but what Chromium says of a 400', () => {
    expect(phone.problems).toEqual([expect.stringContaining('the server responded with a status of 400')])
  })

  it('has a policy that stops scripts, styles and hosts that are not its own', async () => {
    const { page, problems } = phone
    await page.evaluate(`document.body.insertAdjacentHTML('beforeend', \`
      <style>body { display: none }</style>
      <img src="http://127.0.0.1:9/x.png" onerror="document.title = 'taken'">
      <iframe srcdoc="<script>parent.document.title = 'taken'</script>"></iframe>\`)`)
    await page.evaluate(`fetch('http://127.0.0.1:9/').catch(() => undefined)`)
    for (const directive of ['style-src-elem', 'img-src', 'script-src-attr', 'script-src-elem', 'connect-src'])
      await expect.poll(() => problems.join('\n'), PATIENCE).toContain(`violates the policy: ${directive}`)
    expect(await page.title()).toBe('Ticketing API reference')
  })
})

describe('the code samples of the docs page', () => {
  it('are in curl, TypeScript and Python, with the origin of the page', async () => {
    const { page } = await openPage(browser, `${server.origin}/docs/reference#tag/tickets/PATCH/tickets/{ticket_id}`)
    const section = page.locator('[id$="tag/tickets/PATCH/tickets/{ticket_id}"]').first()
    await expect
      .poll(() => shown(section), PATIENCE)
      .toContain(`curl -X PATCH '${server.origin}/api/v1/tickets/ticket123'`)
    for (const [label, line] of [
      ['TypeScript', "await client.tickets.update('ticket123', {"],
      ['Python', 'response = requests.patch('],
    ] as const) {
      await section.getByRole('button', { name: /^Change code sample language/ }).click()
      await page.getByRole('option', { name: label, exact: true }).click()
      await expect.poll(() => shown(section), PATIENCE).toContain(line)
    }
  })
})

describe.each([
  ['a desktop', {}],
  ['a phone', PHONE],
])('the docs page without scripts, on %s', (_device, options) => {
  it('shows title, introduction and operations, with links that work', async () => {
    const { page } = await openPage(browser, `${server.origin}/docs/reference`, {
      ...options,
      javaScriptEnabled: false,
    })
    await page.getByRole('heading', { level: 1, name: 'Ticketing API' }).waitFor()
    await page.getByRole('heading', { level: 2, name: 'Errors' }).waitFor()
    const operations = page.getByRole('navigation', { name: 'Operations' })
    expect(await operations.getByRole('link').count()).toBeGreaterThan(50)
    await operations.locator('a[href$="POST/tickets"]').click()
    await page.locator('article:target').getByText('POST /tickets', { exact: true }).waitFor()
    await page.getByRole('link', { name: 'Guides' }).click()
    expect(page.url()).toBe(`${server.origin}/docs`)
    await page.getByRole('heading', { level: 1, name: 'Ticketing API' }).waitFor()
  })
})

/** Updates the screenshot of the README: `SCREENSHOT=docs/docs-page.png npx vitest run test/docs/reference-page.e2e.test.ts`. */
async function takeScreenshot(): Promise<void> {
  for (const name of ['Cookies', 'Headers', 'Query Parameters'])
    await docs.form.getByRole('button', { name, exact: true }).first().click()
  const picture = await docs.page.screenshot()
  expect(picture.byteLength).toBeLessThan(300_000)
  if (process.env.SCREENSHOT) writeFileSync(process.env.SCREENSHOT, picture)
}

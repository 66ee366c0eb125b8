import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core'
import { z } from 'zod'

/** The path on Debian. */
const EXECUTABLE = process.env.CHROMIUM || '/usr/bin/chromium'

const TIMEOUT_MS = 50_000

const HOW_TO_INSTALL = `The documentation pages are tested in Chromium, which is not at ${EXECUTABLE}. Install it:
  apt-get update && apt-get install -y --no-install-recommends chromium
or set its path: CHROMIUM=/path/to/chromium npm test`

/** Starts a browser that resolves no hosts but localhost. Throws with installation instructions if it is missing. */
export function startBrowser(): Promise<Browser> {
  if (!existsSync(EXECUTABLE)) throw new Error(HOW_TO_INSTALL)
  // The sandbox needs permissions that root in a container lacks; all pages are our own.
  const args = ['--no-sandbox', '--disable-gpu', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost']
  return chromium.launch({ executablePath: EXECUTABLE, args })
}

export interface Sent {
  status: number
  authorization: string | undefined
  headers: Record<string, string>
  body: string
}

export interface Docs {
  page: Page
  form: Locator
  responseArea: Locator
  /** Requests to other hosts, violations of the policy, errors and warnings. */
  problems: string[]
  open(method: string, path: string): Promise<void>
  send(): Promise<Sent>
  close(): Promise<void>
}

export const PHONE = { viewport: { width: 390, height: 844 } }

/** Records problems: requests to other hosts, violations of the policy, errors and warnings. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; problems: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  // Other tests may slow down the machine.
  context.setDefaultTimeout(TIMEOUT_MS)
  const page = await context.newPage()
  const problems = await watch(page, new URL(url).origin)
  await page.goto(url)
  return { page, problems }
}

/** Texts of code in tables that are broken into several lines. */
export function brokenCodes(page: Page): Promise<string[]> {
  return page.evaluate(`[...document.querySelectorAll('table code')]
    .filter((code) => new Set([...code.getClientRects()].map(({ top }) => Math.round(top))).size > 1)
    .map((code) => code.textContent)`)
}

export function widthOf(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth')
}

/** Opens the reference. */
export async function openDocs(browser: Browser, origin: string, options: BrowserContextOptions = {}): Promise<Docs> {
  const { page, problems } = await openPage(browser, `${origin}/docs/reference`, options)
  const form = page.getByRole('dialog')
  const responseArea = form.getByRole('region', { name: 'Response', exact: true })
  const sendButton = form.getByRole('button', { name: /^Send \w+ request/ })

  return {
    page,
    form,
    responseArea,
    problems,
    open: async (method, path) => {
      await page.evaluate(`location.hash = ${JSON.stringify(await anchorOf(origin, method, path))}`)
      await page.getByRole('button', { name: `(${method} ${path})` }).click()
      await sendButton.waitFor()
    },
    send: async () => {
      const responded = page.waitForResponse((response) => response.url().startsWith(`${origin}/api/v1/`))
      await sendButton.click()
      const response = await responded
      await responseArea.getByText(`${response.status()} ${response.statusText()}`).waitFor()
      return {
        status: response.status(),
        authorization: (await response.request().allHeaders()).authorization,
        headers: await response.allHeaders(),
        body: await response.text(),
      }
    },
    close: async () => {
      await page.keyboard.press('Escape')
      await form.waitFor({ state: 'hidden' })
    },
  }
}

async function watch(page: Page, origin: string): Promise<string[]> {
  const problems: string[] = []
  const isOurs = (url: string) => url.startsWith(`${origin}/`) || /^(data|blob):/.test(url)
  page.on('request', (request) => isOurs(request.url()) || problems.push(`asks another host: ${request.url()}`))
  page.on('requestfailed', (request) => problems.push(`failed: ${request.url()} ${request.failure()?.errorText}`))
  page.on('pageerror', (error) => problems.push(`error: ${error}`))
  page.on('console', (line) => ['error', 'warning'].includes(line.type()) && problems.push(`console: ${line.text()}`))
  await page.exposeFunction('reportViolation', (what: string) => problems.push(`violates the policy: ${what}`))
  await page.addInitScript(`addEventListener('securitypolicyviolation', (event) =>
    reportViolation(event.effectiveDirective + ' ' + event.blockedURI + ' ' + event.sourceFile + ':' + event.lineNumber))`)
  return problems
}

const Tagged = z.object({ tags: z.tuple([z.string()], z.string()) })
const Paths = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })

/** The page shows an operation below its first tag. */
async function anchorOf(origin: string, method: string, path: string): Promise<string> {
  const { paths } = Paths.parse(await (await fetch(`${origin}/openapi.json`)).json())
  const [tag] = Tagged.parse(paths[path]?.[method]).tags
  return `tag/${tag.toLowerCase().replaceAll(' ', '-')}/${method.toUpperCase()}${path}`
}

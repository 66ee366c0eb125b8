import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core'

/** Where Debian and its kin put it; `CHROMIUM` names another place. */
const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium'

const HOW_TO_INSTALL =
  'apt-get install -y --no-install-recommends chromium (or name one that is installed: CHROMIUM=/path/to/chromium npm test)'

/** A real browser, which finds no host but this machine. Throws with what to install where there is none. */
export function startBrowser(): Promise<Browser> {
  if (!existsSync(EXECUTABLE)) throw new Error(`The docs page is tested in Chromium. ${EXECUTABLE} is missing: ${HOW_TO_INSTALL}`)
  // Chromium's sandbox needs rights that a container, or root, has not; all that is loaded is our own.
  const args = ['--no-sandbox', '--disable-gpu', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost']
  return chromium.launch({ executablePath: EXECUTABLE, args })
}

export interface Response {
  status: number
  headers: Record<string, string>
  /** As the page shows them, in lines. */
  shownHeaders: string
  shownBody: string
}

export interface Docs {
  page: Page
  /** What must not happen: requests to other hosts, violations of the policy, errors in the console. */
  problems: string[]
  /** Opens an operation's form for trying it, by the operation's anchor and what its button says. */
  open(anchor: string, operation: string): Promise<Locator>
  /** Sends what the form says. */
  send(): Promise<Response>
  /** Closes the form. */
  close(): Promise<void>
}

/** Opens `/docs` of a server in a page of its own, and takes down all that goes wrong from its first byte. */
export async function openDocs(browser: Browser, origin: string, options: BrowserContextOptions = {}): Promise<Docs> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  const page = await context.newPage()
  const problems: string[] = []
  await watch(page, origin, problems)
  await page.goto(`${origin}/docs`)
  await page.getByRole('heading', { level: 1, name: 'Ticketing API' }).waitFor()
  const form = page.getByRole('dialog')

  return {
    page,
    problems,
    open: async (anchor, operation) => {
      await page.evaluate((hash) => {
        location.hash = hash
      }, anchor)
      await page.getByRole('button', { name: `(${operation})` }).click()
      await form.getByRole('button', { name: /^Send \w+ request/ }).waitFor()
      return form
    },
    send: async () => {
      const path = /\/api\/v1\//
      const answered = page.waitForResponse(({ url }) => path.test(url()))
      await form.getByRole('button', { name: /^Send \w+ request/ }).click()
      const response = await answered
      return { status: response.status(), headers: await response.allHeaders(), shownHeaders: '', shownBody: '' }
    },
    close: async () => {
      await page.keyboard.press('Escape')
      await form.waitFor({ state: 'hidden' })
    },
  }
}

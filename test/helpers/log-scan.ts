import { SECRET_PATTERNS } from './secret-patterns'

/**
 * Listens to all console output of a test file, and knows what its requests and answers held that must not be in it. A
 * test that replaces a method of `console` does not hide what is written to it.
 */

const LEVELS = new Set<PropertyKey>(['debug', 'error', 'info', 'log', 'trace', 'warn'])

/** What is shorter occurs by chance, in the names of routes or in IDs: it is looked for as a whole value alone. */
const SHORTEST = 8

/** Fields of bodies whose values are secret, wherever they stand. */
const SECRET_FIELDS = new Set(['content', 'current_password', 'key', 'new_password', 'password', 'secret', 'token'])
const SECRET_HEADERS = ['Authorization', 'X-API-Key', 'Idempotency-Key']
const SECRET_PARAMETERS = ['q', 'signature', 'api_key']

const written: string[] = []
const secrets = new Set<string>()
let listening: Console | undefined

/** Begins to listen, unless it does already: files may share a runtime. */
export function listenToConsole(): void {
  if (globalThis.console === listening) return
  listening = new Proxy(console, {
    get(target, name) {
      const method = Reflect.get(target, name, target)
      if (!LEVELS.has(name) || typeof method !== 'function') return method
      return (...entry: unknown[]) => {
        written.push(entry.map(String).join(' '))
        return Reflect.apply(method, target, entry)
      }
    },
  })
  globalThis.console = listening
}

/** Remembers what is secret of a request: credentials, passwords, contents of files, search texts, signatures. */
export function noteRequest(url: string, headers: Headers, body: unknown): void {
  for (const name of SECRET_HEADERS) note(headers.get(name)?.replace(/^Bearer +/i, ''))
  for (const name of SECRET_PARAMETERS) note(URL.parse(url)?.searchParams.get(name))
  noteBody(body)
}

/** Remembers what is secret of a body: of an answer the tokens, keys and secrets that it shows. */
export function noteBody(body: unknown): void {
  if (typeof body !== 'object' || body === null || body instanceof Uint8Array || body instanceof ReadableStream) return
  for (const [name, value] of Object.entries(body)) {
    if (typeof value === 'object') noteBody(value)
    else if (SECRET_FIELDS.has(name)) note(value)
    else if (name === 'url') note(/[?&]signature=([^&]*)/.exec(String(value))?.[1])
  }
}

function note(value: unknown): void {
  if (typeof value !== 'string' || !/\w{3}/.test(value)) return
  const inJson = JSON.stringify(value)
  if (value.length < SHORTEST) secrets.add(inJson)
  else for (const text of [value, inJson.slice(1, -1)]) secrets.add(text)
  const signature = /^[^.]+\.[^.]+\.([\w-]{20,})$/.exec(value)?.[1]
  if (signature !== undefined) secrets.add(signature)
}

/** The lines that hold something secret, each with what it is. Forgets all lines and secrets. */
export function takeLeaks(): string[] {
  const lines = written.splice(0)
  const all = lines.join('\n')
  const known = [...secrets].filter((secret) => all.includes(secret))
  secrets.clear()
  return lines.flatMap((line) => {
    const held = [
      ...known.filter((secret) => line.includes(secret)),
      ...SECRET_PATTERNS.filter((one) => one.test(line)),
    ]
    return held.length === 0 ? [] : [`${held.join(' and ')} in: ${line}`]
  })
}

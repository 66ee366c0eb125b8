import { SECRET_PATTERNS } from './secret-patterns'

/**
 * Scans all console output of a test file for secrets of its requests and responses. Also works if a test mocks a
 * method of `console`.
 */

const LEVELS = new Set<PropertyKey>(['debug', 'error', 'info', 'log', 'trace', 'warn'])

/** Shorter values occur by chance in routes or IDs, so they only count as complete values. */
const SHORTEST = 8

/** Fields of bodies whose values are secret, at any depth. */
const SECRET_FIELDS = new Set(['content', 'current_password', 'key', 'new_password', 'password', 'secret', 'token'])
const SECRET_HEADERS = ['Authorization', 'X-API-Key', 'Idempotency-Key']
const SECRET_PARAMETERS = ['q', 'signature', 'api_key']

const written: string[] = []
const secrets = new Set<string>()
let listening: Console | undefined

/** Files may share a runtime, so it only patches once. */
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

/** Credentials, passwords, contents of files, search texts and signatures are secret. */
export function noteRequest(url: string, headers: Headers, body: unknown): void {
  for (const name of SECRET_HEADERS) note(headers.get(name)?.replace(/^Bearer +/i, ''))
  for (const name of SECRET_PARAMETERS) note(URL.parse(url)?.searchParams.get(name))
  noteBody(body)
}

/** Tokens, keys and secrets in a response are secret. */
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

/** The log lines with a secret, each with the secret. Clears all lines and secrets. */
export function drainLeaks(): string[] {
  const lines = written.splice(0)
  const all = lines.join('\n')
  const known = [...secrets].filter((secret) => all.includes(secret))
  secrets.clear()
  return lines.flatMap((line) => {
    const values = [
      ...known.filter((secret) => line.includes(secret)),
      ...SECRET_PATTERNS.filter((one) => one.test(line)),
    ]
    return values.length === 0 ? [] : [`${values.join(' and ')} in: ${line}`]
  })
}

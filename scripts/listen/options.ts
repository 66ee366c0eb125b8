import { type CommandSpec, parseCommand } from '../lib/command-line.ts'

export interface ListenOptions {
  port: number
  secret: string | null
  /** Attempts per event that get a 500. */
  fail: number
  /** Whether to print the JSON, too. */
  body: boolean
}

const OPTIONS = {
  port: { type: 'string', value: 'N', default: '4000', about: 'port to listen on' },
  secret: {
    type: 'string',
    value: 'whsec_…',
    about: "the webhook's secret: verify each delivery, and respond with 401 to others",
  },
  fail: { type: 'string', value: 'N', default: '0', about: 'respond with 500 to the first N attempts of each event' },
  body: { type: 'boolean', about: 'print the JSON of each delivery as well' },
} as const

export const SPEC = {
  name: 'npm run listen',
  about: `Receives webhooks on http://localhost:4000/ and prints a line for each. The environment variable WEBHOOK_SECRET replaces
--secret, and is not shown in a list of processes.`,
  options: OPTIONS,
  examples: ['npm run listen -- --port 4000 --secret whsec_…', 'npm run listen -- --fail 2 --body'],
} satisfies CommandSpec

/** Null for `--help`. Throws a one-line error for an invalid option. */
export function readOptions(args: string[], env: NodeJS.ProcessEnv): ListenOptions | null {
  const parsed = parseCommand(SPEC, args)
  if (parsed === null) return null
  const { values } = parsed
  return {
    port: wholeNumber('--port', values.port, 1, 65_535),
    secret: readSecret(values.secret || env.WEBHOOK_SECRET),
    fail: wholeNumber('--fail', values.fail, 0, 1_000),
    body: values.body ?? false,
  }
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const number = Number(text)
  if (!/^\d+$/.test(text) || number < min || number > max)
    throw new Error(`${name} must be a number from ${min} to ${max}, not ${text}`)
  return number
}

function readSecret(given: string | undefined): string | null {
  if (!given) return null
  if (!/^whsec_(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(given) || given === 'whsec_')
    throw new Error('The secret must be whsec_ and base64 after it, as the answer to POST /webhooks shows it.')
  return given
}

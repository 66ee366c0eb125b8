import { parseOptions } from '../lib/options.ts'

export interface ListenOptions {
  port: number
  secret: string | null
  /** Attempts per event that get a 500. */
  fail: number
  /** Whether to print the JSON, too. */
  body: boolean
}

export const HELP = `Usage: npm run listen -- [--port 4000] [--secret whsec_…] [--fail 2] [--body]

Receives webhooks on http://localhost:4000/ and prints a line for each.

  --port    which port to listen on; 4000 unless told
  --secret  the webhook's secret: each delivery is verified, and a wrong signature is answered with 401
            (WEBHOOK_SECRET in the environment does the same, and does not show in a list of processes)
  --fail    answers 500 to the first so many attempts of each event, to see them tried again
  --body    prints the JSON as well`

/** Null for `--help`. Throws a one-line error for an invalid option. */
export function readOptions(args: string[], env: NodeJS.ProcessEnv): ListenOptions | null {
  const config = {
    args,
    options: {
      help: { type: 'boolean', short: 'h' },
      port: { type: 'string', default: '4000' },
      secret: { type: 'string' },
      fail: { type: 'string', default: '0' },
      body: { type: 'boolean', default: false },
    },
  } as const
  const { values } = parseOptions(config, 'npm run listen -- --help')
  if (values.help) return null
  return {
    port: wholeNumber('--port', values.port, 1, 65_535),
    secret: readSecret(values.secret || env.WEBHOOK_SECRET),
    fail: wholeNumber('--fail', values.fail, 0, 1_000),
    body: values.body,
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

import { formatHelp } from './lib/command-line.ts'
import { stopWithParent } from './lib/parent.ts'
import { bodyOf, lineOn } from './listen/line.ts'
import { type ListenOptions, readOptions, SPEC } from './listen/options.ts'
import { type Received, type ReceiverResponse, startReceiver } from './listen/receiver.ts'
import { checkSignature } from './listen/signature.ts'

/** `npm run listen`: a local receiver for webhooks. */
async function main(): Promise<void> {
  stopWithParent(() => process.exit())
  const options = readOptions(process.argv.slice(2), process.env)
  if (options === null) return console.log(formatHelp(SPEC))
  const receiver = await startReceiver(options.port, (request) => respond(request, options)).catch((error: unknown) => {
    throw isInUse(error) ? new Error(`Port ${options.port} is in use. Choose another: --port 4001`) : error
  })
  const how = options.secret ? 'verifies each delivery' : 'verifies nothing, for it has no secret (--secret)'
  console.log(`Listening on ${receiver.url} and ${how}. Ctrl-C stops it.`)
}

function isInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}

function respond(request: Received, options: ListenOptions): ReceiverResponse {
  const signature = options.secret === null ? null : checkSignature(request, options.secret)
  const status = signature?.isValid === false ? 401 : request.attempt <= options.fail ? 500 : 204
  const message =
    signature === null ? 'NOT VERIFIED' : signature.isValid ? 'verified' : `wrong signature (${signature.reason})`
  console.log(lineOn(request, message, status))
  if (options.body) console.log(bodyOf(request))
  return { status }
}

await main().catch((error) => {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
})

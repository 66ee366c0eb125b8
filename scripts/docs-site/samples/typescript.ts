import clientPackage from '../../../packages/client/package.json' with { type: 'json' }
import type { Operation } from '../operations.ts'
import { CLIENT_CALLS } from './client-calls.ts'
import { literal, TYPESCRIPT } from './literal.ts'
import { credentialOf, ORIGIN, urlOf } from './request.ts'

const API = `${ORIGIN}/api/v1`

/** With the client; operations that it does not have are sent with `fetch`. */
export function typescriptSample(operation: Operation): string {
  const call = CLIENT_CALLS[operation.id]
  if (call === undefined) return fetchSample(operation)
  const imports = [
    ...(call.includes('openAsBlob') ? ["import { openAsBlob } from 'node:fs'"] : []),
    `import { TicketingClient } from '${clientPackage.name}'`,
  ]
  return `${imports.join('\n')}

const client = new TicketingClient({ url: '${API}'${credential(operation)} })
${filled(call, operation)}`
}

/** The client reads the URL of a file with its own credential. */
function credential(operation: Operation): string {
  if (operation.id === 'downloadFile') return ", apiKey: process.env.TICKETING_API_KEY ?? ''"
  const variable = credentialOf(operation)
  if (variable === null) return ''
  return `, ${variable === 'TICKETING_TOKEN' ? 'token' : 'apiKey'}: process.env.${variable} ?? ''`
}

function filled(call: string, { body, pathExamples, queryExamples }: Operation): string {
  const examples: Record<string, unknown> = { ...pathExamples, ...queryExamples, body: body?.example }
  return call.replace(/\{(\w+)(?:\.(\w+))?\}/g, (_, name: string, field?: string) =>
    literal(field === undefined ? examples[name] : Reflect.get(Object(examples[name]), field), TYPESCRIPT),
  )
}

function fetchSample(operation: Operation): string {
  const variable = credentialOf(operation)
  const options = [
    ...(operation.method === 'GET' ? [] : [`method: '${operation.method}'`]),
    ...(variable ? [`headers: { Authorization: \`Bearer \${process.env.${variable}}\` }`] : []),
    ...(operation.body ? [`body: JSON.stringify(${literal(operation.body.example, TYPESCRIPT)})`] : []),
  ]
  const argument = options.length > 0 ? `, { ${options.join(', ')} }` : ''
  return `const response = await fetch('${urlOf(operation)}'${argument})\nconsole.log(await response.json())`
}

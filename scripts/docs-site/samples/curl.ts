import type { Operation } from '../operations.ts'
import { credentialOf, isJson, urlOf } from './request.ts'

export function curlSample(operation: Operation): string {
  const { method, body, queryExamples } = operation
  const credential = credentialOf(operation)
  const parts = [
    `curl ${method === 'GET' || (method === 'POST' && body) ? '' : `-X ${method} `}'${urlOf(operation)}'`,
    ...(credential ? [`-H "Authorization: Bearer $${credential}"`] : []),
    ...(body ? [`-H 'Content-Type: ${body.type}'`] : []),
    ...(body && !isJson(operation) ? [`--data-binary @${queryExamples.filename}`] : []),
    ...(isJson(operation) ? [jsonArgument(body?.example)] : []),
  ]
  return parts.join(' \\\n  ')
}

/** A here-document where the text would have to be escaped in quotes. */
function jsonArgument(value: unknown): string {
  const text = JSON.stringify(value, null, 2)
  if (text.includes("'")) return `-d @- <<'JSON'\n${text}\nJSON`
  return `-d '${text.replaceAll('\n', '\n  ')}'`
}

import type { Operation } from '../operations.ts'
import { literal, PYTHON } from './literal.ts'
import { credentialOf, isJson, urlOf } from './request.ts'

/** With `requests`, which most programs have already. */
export function pythonSample(operation: Operation): string {
  const { body, method, queryExamples, path } = operation
  const credential = credentialOf(operation)
  const isFile = body !== null && !isJson(operation)
  const headers = [
    ...(credential ? [`"Authorization": f"Bearer {os.environ['${credential}']}"`] : []),
    ...(isFile ? [`"Content-Type": "${body.type}"`] : []),
  ]
  const args = [
    JSON.stringify(urlOf(operation)),
    ...(headers.length > 0 ? [`headers={${headers.join(', ')}}`] : []),
    ...(isJson(operation) ? [`json=${literal(body?.example, PYTHON, '    ')}`] : []),
    ...(isFile ? [`data=open("${queryExamples.filename}", "rb")`] : []),
    'timeout=30',
  ]
  return `${credential ? 'import os\n\n' : ''}import requests

response = requests.${method.toLowerCase()}(
${args.map((arg) => `    ${arg},\n`).join('')})
if not response.ok:
    raise SystemExit(response.text)
${result(method, path)}`
}

function result(method: string, path: string): string {
  if (method === 'DELETE' || path.endsWith('/password') || path.endsWith('/logout'))
    return 'print(response.status_code)'
  return /export|files/.test(path) ? 'print(response.text)' : 'print(response.json())'
}

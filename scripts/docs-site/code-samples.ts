import type { Operation } from './operations.ts'
import { curlSample } from './samples/curl.ts'
import { pythonSample } from './samples/python.ts'
import { typescriptSample } from './samples/typescript.ts'

export interface CodeSample {
  lang: string
  label: string
  source: string
}

/** For `x-codeSamples`, from the examples of the document. Webhook events have none, because the service sends them. */
export function samplesOf(operation: Operation): CodeSample[] {
  if (operation.isWebhook) return []
  return [
    { lang: 'shell', label: 'curl', source: curlSample(operation) },
    { lang: 'typescript', label: 'TypeScript', source: typescriptSample(operation) },
    { lang: 'python', label: 'Python', source: pythonSample(operation) },
  ]
}

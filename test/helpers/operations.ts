import { call } from './api'

export interface Operation {
  /** `PATCH /tickets/{ticket_id}` */
  name: string
  method: string
  /** With its placeholders. */
  path: string
  operationId: string
  isPublic: boolean
  hasBody: boolean
}

interface Documented {
  operationId: string
  security?: unknown[]
  requestBody?: object
}

/** Every operation of version 1, as the document that the service serves tells of them. */
export async function operations(): Promise<Operation[]> {
  const { body } = await call('GET', '/openapi.json')
  return Object.entries<Record<string, Documented>>(body.paths)
    .filter(([, item]) => !('servers' in item))
    .flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({
        name: `${method.toUpperCase()} ${path}`,
        method: method.toUpperCase(),
        path,
        operationId: operation.operationId,
        isPublic: operation.security?.length === 0,
        hasBody: operation.requestBody !== undefined,
      })),
    )
}

import { acceptedKeys, type Config } from '../env'
import { deriveKey, sha256 } from '../lib/crypto'

const WRITES = new Set(['POST', 'PATCH', 'DELETE'])

/** What a request with an `Idempotency-Key` is known by. */
interface KeyedRequest {
  method: string
  /** Without the prefix. */
  path: string
  query: string
  /** SHA-256 of the body. */
  bodyHash: string
  callerId: string
}

/**
 * By what a request is carried out once: a hash of its key, method and path, one of what it asks for, and the keys that seal a secret of its
 * answer, which nobody has who does not know the idempotency key. Null where there is none, for reads, and for `/auth/…`.
 */
export function onceFor(config: Config, key: string | undefined, request: KeyedRequest) {
  if (key === undefined || !WRITES.has(request.method) || request.path.startsWith('/auth/')) return null
  return {
    callerId: request.callerId,
    keyHash: sha256(`${request.callerId} ${request.method} ${request.path} ${key}`),
    requestHash: sha256(`${request.query} ${request.bodyHash}`),
    sealingKeys: acceptedKeys(config, 'idempotency').map((secret) => deriveKey(secret.toString('base64'), key)),
  }
}

import { acceptedKeys, type Config } from '../env'
import { deriveKey, sha256 } from '../lib/crypto'

const WRITES = new Set(['POST', 'PATCH', 'DELETE'])

/** What a request with an `Idempotency-Key` is known by. */
interface KeyedRequest {
  method: string
  /** Path and query, without the prefix. */
  target: string
  /** SHA-256 of the body. */
  bodyHash: string
  callerId: string
}

/**
 * By what a request is carried out once: hashes of its key and of what it asks for, and the keys that seal a secret of its
 * answer, which nobody has who does not know the idempotency key. Null where there is none, for reads, and for `/auth/…`.
 */
export function onceFor(config: Config, key: string | undefined, request: KeyedRequest) {
  if (key === undefined || !WRITES.has(request.method) || request.target.startsWith('/auth/')) return null
  return {
    callerId: request.callerId,
    keyHash: sha256(`${request.callerId} ${key}`),
    requestHash: sha256(`${request.method} ${request.target} ${request.bodyHash}`),
    sealingKeys: acceptedKeys(config, 'idempotency').map((secret) => deriveKey(secret.toString('base64'), key)),
  }
}

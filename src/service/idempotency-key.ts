import { type Config, verificationKeys } from '../core/config'
import { deriveKey, hmac, sha256 } from '../lib/crypto'

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

/** A keyed request that is also told from others by what was not known at its beginning, such as the hash of a long body. */
export function extendFingerprint<Request extends { fingerprints: readonly string[] }>(
  request: Request,
  what: string,
): Request {
  return { ...request, fingerprints: request.fingerprints.map((hash) => sha256(`${hash} ${what}`)) }
}

/**
 * By what a request is carried out once: a hash of its key, method and path, hashes of what it asks for, and the keys that
 * seal a secret of its answer. Null where there is no idempotency key, for reads, and for `/auth/…`. Nobody has those keys
 * who does not know the idempotency key; what is asked for, which may be a password, is hashed with them too.
 */
export function parseIdempotencyKey(config: Config, key: string | undefined, request: KeyedRequest) {
  if (key === undefined || !WRITES.has(request.method) || request.path.startsWith('/auth/')) return null
  const encryptionKeys = verificationKeys(config, 'idempotency').map((secret) =>
    deriveKey(secret.toString('base64'), key),
  )
  return {
    callerId: request.callerId,
    keyHash: sha256(`${request.callerId} ${request.method} ${request.path} ${key}`),
    fingerprints: encryptionKeys.map((encryptionKey) => hmac(encryptionKey, `${request.query} ${request.bodyHash}`)),
    encryptionKeys,
  }
}

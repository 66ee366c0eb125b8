import { type Config, verificationKeys } from '../core/config'
import { deriveKey, hmac, sha256 } from '../lib/crypto'

const WRITES = new Set(['POST', 'PATCH', 'DELETE'])

interface KeyedRequest {
  method: string
  /** Without the prefix. */
  path: string
  query: string
  /** SHA-256 of the body: in its present form, and in those that records may still have. */
  bodyHashes: readonly string[]
  callerId: string
}

/**
 * Adds to the fingerprint what is known only later, such as the hash of a streamed body: its present form, and then those that
 * records may still have.
 */
export function extendFingerprint<Request extends { fingerprints: readonly string[] }>(
  request: Request,
  values: readonly string[],
): Request {
  const fingerprints = values.flatMap((value) => request.fingerprints.map((hash) => sha256(`${hash} ${value}`)))
  return { ...request, fingerprints }
}

/**
 * Null without an idempotency key, for reads, and for `/auth/…`. The encryption keys derive from the idempotency key, which is
 * not stored. They also key the fingerprints, because a body may contain a password.
 */
export function parseIdempotencyKey(config: Config, key: string | undefined, request: KeyedRequest) {
  if (key === undefined || !WRITES.has(request.method) || request.path.startsWith('/auth/')) return null
  const encryptionKeys = verificationKeys(config, 'idempotency').map((secret) =>
    deriveKey(secret.toString('base64'), key),
  )
  return {
    callerId: request.callerId,
    keyHash: sha256(`${request.callerId} ${request.method} ${request.path} ${key}`),
    fingerprints: request.bodyHashes.flatMap((hash) =>
      encryptionKeys.map((encryptionKey) => hmac(encryptionKey, `${request.query} ${hash}`)),
    ),
    encryptionKeys,
  }
}

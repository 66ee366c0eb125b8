import { deriveKey } from '../lib/crypto.ts'

/** Keys for one purpose each, all derived from one secret. */
export interface DerivedKeys {
  tokens: Buffer
  files: Buffer
  apiKeys: Buffer
  webhooks: Buffer
  idempotency: Buffer
}

/** The keys that a secret gives. */
export function deriveKeys(secret: string): DerivedKeys {
  return {
    tokens: deriveKey(secret, 'tokens'),
    files: deriveKey(secret, 'files'),
    apiKeys: deriveKey(secret, 'api-keys'),
    webhooks: deriveKey(secret, 'webhooks'),
    idempotency: deriveKey(secret, 'idempotency'),
  }
}

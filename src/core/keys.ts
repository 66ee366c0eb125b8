import { deriveKey } from '../lib/crypto.ts'

export interface DerivedKeys {
  tokens: Buffer
  files: Buffer
  apiKeys: Buffer
  webhooks: Buffer
  idempotency: Buffer
}

export function deriveKeys(secret: string): DerivedKeys {
  return {
    tokens: deriveKey(secret, 'tokens'),
    files: deriveKey(secret, 'files'),
    apiKeys: deriveKey(secret, 'api-keys'),
    webhooks: deriveKey(secret, 'webhooks'),
    idempotency: deriveKey(secret, 'idempotency'),
  }
}

import { env } from 'cloudflare:workers'
import { hashKey } from '../../../src/access/api-key-format'
import { isKnownKey } from '../../../src/access/credentials'
import { findKeyState, touchApiKey } from '../../../src/access/member-state'
import { TWIN_HASH } from '../neighbor-rows'
import { type Path, pathOf, reads, write } from '../operation-kinds'
import type { Deed } from '../sender'

const key: Path = ({ things }) => `api-keys/${things.keys[0].id}`

/** What is done with API keys. */
export const KEYS: Deed[] = [
  ...reads('listApiKeys', ['admin'], 'api-keys', ['', '?per_page=1&page=2']),
  write('createApiKey', 'admin', 'POST', 'api-keys', { name: 'New' }),
  write('deleteApiKey', 'admin', 'DELETE', key),
  write('rotateApiKey', 'admin', 'POST', (w) => `${pathOf(key, w)}/rotate`, {}),
  write('rotateApiKey', 'admin', 'POST', ({ things }) => `api-keys/${things.keys[1].id}/rotate`, {}),
  {
    operation: 'createTicket',
    writes: true,
    name: 'createTicket with an API key',
    async run({ ask }, { things }) {
      const headers = { 'X-API-Key': things.keys[0].key }
      await ask('nobody', 'POST', 'tickets', { body: { title: 'New', description: 'D' }, headers })
    },
  },
  {
    operation: 'facts of a key',
    writes: true,
    name: 'facts of a key',
    async run({ see }, { account, things }) {
      const [{ id, key: secret }] = things.keys
      see(await findKeyState(env, id))
      see(await isKnownKey(env, id, hashKey(secret)))
      see(await isKnownKey(env, id, TWIN_HASH))
      await touchApiKey(env, account.id, id, Date.now())
    },
  },
]

import { env } from 'cloudflare:workers'
import { hashKey } from '../../../src/access/api-key-format'
import { isKnownKey } from '../../../src/access/credentials'
import { findKeyState, touchApiKey } from '../../../src/access/member-state'
import { NEIGHBOR_KEY_HASH } from '../neighbor-rows'
import { type Path, pathOf, reads, write } from '../operation-kinds'
import type { Operation } from '../sender'

const key: Path = ({ resources }) => `api-keys/${resources.keys[0].id}`

export const API_KEYS: Operation[] = [
  ...reads('listApiKeys', ['admin'], 'api-keys', ['', '?per_page=1&page=2']),
  write('createApiKey', 'admin', 'POST', 'api-keys', { name: 'New' }),
  write('deleteApiKey', 'admin', 'DELETE', key),
  write('rotateApiKey', 'admin', 'POST', (w) => `${pathOf(key, w)}/rotate`, {}),
  write('rotateApiKey', 'admin', 'POST', ({ resources }) => `api-keys/${resources.keys[1].id}/rotate`, {}),
  {
    operationId: 'createTicket',
    writes: true,
    name: 'createTicket with an API key',
    async run({ send }, { resources }) {
      const headers = { 'X-API-Key': resources.keys[0].key }
      await send('anonymous', 'POST', 'tickets', { body: { title: 'New', description: 'D' }, headers })
    },
  },
  {
    operationId: 'state of a key',
    writes: true,
    name: 'state of a key',
    async run({ record }, { account, resources }) {
      const [{ id, key: secret }] = resources.keys
      record(await findKeyState(env, id))
      record(await isKnownKey(env, id, hashKey(secret)))
      record(await isKnownKey(env, id, NEIGHBOR_KEY_HASH))
      await touchApiKey(env, account.id, id, Date.now())
    },
  },
]

import { env } from 'cloudflare:workers'
import { afterEach, expect, it, vi } from 'vitest'
import { loginThrottleOf, rateLimiterOf, sweeperObjectOf } from '../../src/access/objects'

afterEach(() => {
  vi.restoreAllMocks()
})

const CASES = [
  ['RATE_LIMITER', 'user:1', (OBJECT_JURISDICTION: string) => rateLimiterOf({ ...env, OBJECT_JURISDICTION }, 'user:1')],
  [
    'LOGIN_THROTTLE',
    'shard:1',
    (OBJECT_JURISDICTION: string) => loginThrottleOf({ ...env, OBJECT_JURISDICTION }, 'shard:1'),
  ],
  ['SWEEPER', 'sweeper', (OBJECT_JURISDICTION: string) => sweeperObjectOf({ ...env, OBJECT_JURISDICTION })],
] as const

it.each(CASES)('%s objects are those of the jurisdiction, if there is one', (binding, name, get) => {
  const namespace: DurableObjectNamespace = env[binding]
  const [inside, outside] = [{ getByName: vi.fn() }, vi.spyOn(namespace, 'getByName')]
  const restrict = vi.spyOn(namespace, 'jurisdiction').mockReturnValue(inside as never)
  get('')
  expect([outside.mock.calls, restrict.mock.calls]).toEqual([[[name]], []])
  get('eu')
  expect([outside.mock.calls.length, restrict.mock.calls, inside.getByName.mock.calls]).toEqual([1, [['eu']], [[name]]])
})

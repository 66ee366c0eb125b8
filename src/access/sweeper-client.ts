import type { SweeperClient } from '../service/context'
import { callDurableObject } from './call-durable-object'
import { sweeperObjectOf } from './objects'

export function sweeperOf(env: Parameters<typeof sweeperObjectOf>[0]): SweeperClient {
  return {
    ensureScheduled: () => callDurableObject(() => sweeperObjectOf(env).ensureScheduled()),
  }
}

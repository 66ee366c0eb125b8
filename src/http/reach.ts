import { unavailable } from './errors'

/** What a Durable Object answers. Throws 503 when it can't be reached: what is to be counted is not let through uncounted. */
export async function reach<T>(call: () => T): Promise<Awaited<T>> {
  try {
    return await call()
  } catch (error) {
    throw unavailable(error)
  }
}

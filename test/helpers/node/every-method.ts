import { TicketingClient } from '../../../packages/client/src/index.ts'
import { FAKE_URL } from './fake-api.ts'

/** Calls every method of the client against a fake API and returns the requests, such as `GET /tickets/1/history`. */
export async function requestsOfEveryMethod(): Promise<string[]> {
  const sent = new Set<string>()
  const calls = methods().map(({ resource, method }) => callMethod(fakeClient(sent), resource, method))
  // Some methods cannot parse the response of a list; their requests are recorded nevertheless.
  await Promise.allSettled(calls)
  return [...sent]
}

function methods(): { resource: string; method: string }[] {
  return Object.entries(fakeClient(new Set())).flatMap(([resource, object]) =>
    Object.getOwnPropertyNames(Object.getPrototypeOf(object))
      .filter((method) => method !== 'constructor')
      .map((method) => ({ resource, method })),
  )
}

function fakeClient(sent: Set<string>): TicketingClient {
  return new TicketingClient({
    url: FAKE_URL,
    token: 'ey',
    maxRetries: 0,
    fetch: async (url, { method }) => {
      if (url.startsWith(FAKE_URL)) sent.add(`${method} ${new URL(url).pathname.slice('/api/v1'.length)}`)
      return Response.json({ data: [], pagination: { last_page: 1, next_cursor: null, has_more: false } })
    },
  })
}

/** Passes `1` for each parameter, and reads a list to its end. */
async function callMethod(client: TicketingClient, resource: string, method: string): Promise<void> {
  const object = Reflect.get(client, resource)
  const called = Reflect.get(object, method)
  const result: unknown = await Reflect.apply(called, object, Array(called.length).fill('1'))
  if (isList(result)) for await (const _ of result);
}

function isList(result: unknown): result is AsyncIterable<unknown> {
  return Symbol.asyncIterator in Object(result)
}

import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { unstable_readConfig } from 'wrangler'
import { ROOT } from '../../scripts/lib/local-state.ts'

describe.each([undefined, 'staging', 'production'])('the limits in wrangler.toml for %s', (env) => {
  const config = unstable_readConfig({ config: `${ROOT}wrangler.toml`, ...(env && { env }) })

  it('bound the CPU time of a request', () => {
    expect(config.limits).toEqual({ cpu_ms: 10_000 })
  })

  it('bound the concurrency of every queue consumer', () => {
    const { consumers = [] } = config.queues
    expect(consumers).toHaveLength(2)
    for (const consumer of consumers) expect(consumer).toMatchObject({ max_concurrency: 10, max_retries: 3 })
  })
})

it('every Durable Object is created in src/access/objects.ts, in the jurisdiction of the service', () => {
  const creates = globSync('src/**/*.ts', { cwd: ROOT }).filter((file) =>
    /\.(getByName|idFromName|newUniqueId|idFromString)\(/.test(readFileSync(`${ROOT}${file}`, 'utf8')),
  )
  expect(creates).toEqual(['src/access/objects.ts'])
})

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { unstable_readConfig } from 'wrangler'
import { ROOT } from '../../scripts/lib/local-state.ts'
import { Variables } from '../../src/core/variables.ts'

const read = (path: string) => readFileSync(`${ROOT}${path}`, 'utf8')
const variables = Object.keys(Variables.shape)
/** Secrets, and variables that are only set on a developer's machine. */
const local = [...read('.dev.vars.example').matchAll(/^(\w+)=/gm)].map(([, name]) => name)

describe('every variable that the service reads', () => {
  it.each([undefined, 'staging', 'production'])('is in wrangler.toml for %s, or in .dev.vars.example', (env) => {
    const { vars } = unstable_readConfig({ config: `${ROOT}wrangler.toml`, ...(env && { env }) })
    expect([...Object.keys(vars), ...local].toSorted()).toEqual(variables.toSorted())
  })

  it('is in docs/operations.md', () => {
    const text = read('docs/operations.md')
    expect(variables.filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([])
  })
})

const COST = 'N: 16_384, r: 8, p: 5'

/**
 * Makes password hashes cheap, because one at full cost takes as long as dozens of requests.
 * `test/lib/passwords.node.test.ts` and the end-to-end tests run without it. Throws if the cost in the source has
 * changed.
 */
export const cheapHashes = {
  name: 'cheap-hashes',
  enforce: 'pre' as const,
  transform(code: string, id: string) {
    if (!id.endsWith('/src/lib/passwords.ts')) return
    if (!code.includes(COST)) throw new Error(`${id} does not contain ${COST}`)
    return code.replace(COST, 'N: 16, r: 8, p: 1')
  },
}

import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../../scripts/lib/local-state.ts'

/** The `jq` of the tests, by what jq 1.6 prints for the same arguments. */

const INPUT = '{"data": [{"id": "a", "n": {"x": 1}}, {"id": "b", "n": null}], "total": 2}'

function jq(args: string[], input = INPUT) {
  const script = `${ROOT}test/helpers/node/jq.ts`
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { input, encoding: 'utf8' })
  return { status, stdout, stderr }
}

describe('jq', () => {
  it.each([
    [['-c'], `{"data":[{"id":"a","n":{"x":1}},{"id":"b","n":null}],"total":2}\n`],
    [['.total'], '2\n'],
    [['-r', '.data[0].id'], 'a\n'],
    [['.data[-1].id'], '"b"\n'],
    [['.data[].n.x'], '1\nnull\n'],
    [['.data | length'], '2\n'],
    [['-c', '.data[] | {id, y: .n.x}'], '{"id":"a","y":1}\n{"id":"b","y":null}\n'],
    [['.missing.too'], 'null\n'],
    [['.data[1].n'], 'null\n'],
  ])('%j', (args, stdout) => {
    expect(jq(args)).toEqual({ status: 0, stdout, stderr: '' })
  })

  it('reads a document in each line', () => {
    expect(jq(['.a'], '{"a":1}\n{"a":2}\n').stdout).toBe('1\n2\n')
  })

  it.each([[['map(.id)']], [['.data[0:1]']], [['-S', '.']], [['.', 'file']], [['.data?']], [['.a + .b']]])(
    'rejects %j',
    (args) => {
      const { status, stdout, stderr } = jq(args)
      expect([status, stdout]).toEqual([5, ''])
      expect(stderr).toMatch(/^jq: /)
    },
  )
})

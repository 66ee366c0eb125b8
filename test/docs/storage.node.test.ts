import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../../scripts/lib/local-state.ts'
import { numberIn, rowBytes, rowsOfTable } from '../helpers/node/costs.ts'

/** A process of its own: the benchmark loads the Worker and replaces `fetch`. */
function measure(): [name: string, bytes: number][] {
  const command = ['--disable-warning=ExperimentalWarning', 'bench/run.ts', '--storage']
  const output = execFileSync(process.execPath, command, { cwd: ROOT, encoding: 'utf8' })
  return [...output.matchAll(/^([a-z][a-z :]*\S) +([\d,]+)$/gm)].map(([, name = '', bytes = '']) => [
    name,
    numberIn(bytes),
  ])
}

describe('the bytes of rows in docs/costs.md', () => {
  it('are within 10 % of a new measurement', () => {
    const measured = measure()
    expect(measured.length).toBe(rowsOfTable('Row | Bytes').length)
    for (const [name, bytes] of measured) {
      const documented = rowBytes(name.charAt(0).toUpperCase() + name.slice(1))
      expect(Math.abs(documented / bytes - 1), `${name}: ${documented}, measured ${bytes}`).toBeLessThan(0.1)
    }
  })
})

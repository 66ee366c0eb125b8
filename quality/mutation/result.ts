/** The outcome of a mutation. */
export interface Result {
  name: string
  /**
   * `killed`: a test failed. `survived`: none did. `equivalent`: none can, for a listed reason. `stale`: its query no
   * longer finds its place. `broken`: the tests could not be run, or fail without the mutation too.
   */
  outcome: 'killed' | 'survived' | 'equivalent' | 'stale' | 'broken'
  detail: string
}

export function firstLine(text: string): string {
  const [line = ''] = text.trim().split('\n')
  return line === '' ? 'nothing' : line.length > 800 ? `${line.slice(0, 800)}…` : line
}

export function print({ name, outcome, detail }: Result): void {
  process.stdout.write(`${outcome.padEnd(10)} ${name}${detail ? `  (${detail})` : ''}\n`)
}

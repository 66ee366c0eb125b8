/** The same numbers from 0 to 1 for the same seed (mulberry32). */
export class Random {
  private state: number

  constructor(seed: number) {
    this.state = seed
  }

  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** From 0 to `end`, without it. */
  integer(end: number): number {
    return Math.floor(this.next() * end)
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.integer(choices.length)]
    if (choice === undefined) throw new RangeError('Nothing to pick from')
    return choice
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  shuffled<T>(values: readonly T[]): T[] {
    const keyed = values.map((value) => ({ value, key: this.next() }))
    return keyed.toSorted((a, b) => a.key - b.key).map(({ value }) => value)
  }
}

/** A bounded set of texts with expiry times (ms). If it is full, the oldest entry is deleted. */
export class ExpiringSet {
  private readonly entries = new Map<string, number>()

  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.entries.size
  }

  add(text: string, until: number): void {
    this.entries.delete(text)
    this.entries.set(text, until)
    const [oldest = text] = this.entries.keys()
    if (this.entries.size > this.capacity) this.entries.delete(oldest)
  }

  delete(text: string): void {
    this.entries.delete(text)
  }

  has(text: string, now: number): boolean {
    const until = this.entries.get(text) ?? 0
    if (until > now) return true
    this.entries.delete(text)
    return false
  }
}

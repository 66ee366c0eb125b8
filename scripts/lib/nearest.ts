/** The name that was probably meant, or null. */
export function nearest(typed: string, names: readonly string[]): string | null {
  const word = typed.toLowerCase()
  const ranked = names
    .map((name) => ({ name, distance: name.startsWith(word) && word.length >= 3 ? 0 : distance(word, name) }))
    .filter((each) => each.distance <= Math.max(1, Math.floor(each.name.length / 3)))
    .toSorted((a, b) => a.distance - b.distance || a.name.length - b.name.length)
  return ranked[0]?.name ?? null
}

/** Insertions, deletions, replacements and swaps of neighbors (optimal string alignment). */
function distance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const at = (line: number[], index: number) => line[index] ?? Number.POSITIVE_INFINITY
      const replaced = at(last, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1)
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      const swapped = isSwap ? at(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY
      current.push(Math.min(at(last, column) + 1, at(current, column - 1) + 1, replaced, swapped))
    }
    beforeLast = last
    last = current
  }
  return last[b.length] ?? 0
}

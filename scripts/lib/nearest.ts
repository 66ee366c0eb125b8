import { editDistance } from '../../src/lib/edit-distance.ts'

/** The name that was probably meant, or null. */
export function nearest(typed: string, names: readonly string[]): string | null {
  const word = typed.toLowerCase()
  const ranked = names
    .map((name) => ({ name, distance: name.startsWith(word) && word.length >= 3 ? 0 : distance(word, name) }))
    .filter((each) => each.distance < Number.POSITIVE_INFINITY)
    .toSorted((a, b) => a.distance - b.distance || a.name.length - b.name.length)
  return ranked[0]?.name ?? null
}

/** `Infinity` if more than a third of the name differs. */
function distance(word: string, name: string): number {
  return editDistance(word, name, Math.max(1, Math.floor(name.length / 3)))
}

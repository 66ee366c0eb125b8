let used = 0

/** An address that no test of the file has called from, so that none runs into the limit of another. */
export function freshAddress(): string {
  used += 1
  return `198.51.${100 + (used >> 8)}.${used & 255}`
}

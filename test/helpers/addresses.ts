let used = 0

/** An unused IP address, which shares no rate limit with other tests. */
export function freshIpAddress(): string {
  used += 1
  return `198.51.${100 + (used >> 8)}.${used & 255}`
}

import { createHash } from 'node:crypto'
import ipaddr from 'ipaddr.js'

/** Longer than any form of an IPv6 address. */
const MAX_LENGTH = 64

/** IPv4 addresses are counted one by one, IPv6 addresses by their /64, which is what one customer gets. */
export function ipAddressKey(address: string | undefined): string {
  if (!address || address.length > MAX_LENGTH || !ipaddr.isValid(address)) return 'unknown'
  const parsed = ipaddr.process(address)
  if (parsed.kind() === 'ipv4') return parsed.toString()
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toNormalizedString()}/64`)}/64`
}

/** One customer often has a whole /48, which contains 65,536 /64 networks: it has this many times the limit of one of them. */
export const NETWORK_FACTOR = 10

/** The /48 of an IPv6 address, null for any other, by its `ipAddressKey`. */
export function ipNetworkKey(addressKey: string): string | null {
  const [network, prefix] = addressKey.split('/')
  return prefix === '64' ? `${ipaddr.IPv6.networkAddressFromCIDR(`${network}/48`)}/48` : null
}

const LIMITER_SHARDS = 256

/** The name of the rate limiter that counts an IP address together with its network. */
export function addressLimiterName(addressKey: string): string {
  return `addresses:${shardOf(ipNetworkKey(addressKey) ?? addressKey, LIMITER_SHARDS)}`
}

/** Spreads keys over a fixed number of Durable Objects, so that made-up keys create no objects. */
export function shardOf(key: string, shards: number): number {
  return createHash('sha256').update(key).digest().readUInt32BE() % shards
}

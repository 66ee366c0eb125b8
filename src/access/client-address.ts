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

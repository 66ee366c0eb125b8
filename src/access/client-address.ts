import ipaddr from 'ipaddr.js'

/** More than the longest form of an IPv6 address has. */
const MAX_LENGTH = 64

/** The name under which an address is counted: IPv4 as it is, IPv6 by its /64, which is what one customer gets. */
export function ipAddressKey(address: string | undefined): string {
  if (!address || address.length > MAX_LENGTH || !ipaddr.isValid(address)) return 'unknown'
  const parsed = ipaddr.process(address)
  if (parsed.kind() === 'ipv4') return parsed.toString()
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toNormalizedString()}/64`)}/64`
}

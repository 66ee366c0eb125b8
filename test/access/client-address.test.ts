import { describe, expect, it } from 'vitest'
import { addressLimiterName, ipAddressKey, ipNetworkKey } from '../../src/access/client-address'

describe('ipAddressKey', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64'],
    ['2001:db8:1:2:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
    ['::1', '::/64'],
    ['fe80::1%eth0', 'fe80::/64'],
  ])('counts %s as %s', (address, key) => {
    expect(ipAddressKey(address)).toBe(key)
  })

  it('counts neighboring networks separately', () => {
    expect(ipAddressKey('2001:db8:1:2::1')).not.toBe(ipAddressKey('2001:db8:1:3::1'))
    expect(ipAddressKey('192.0.2.1')).not.toBe(ipAddressKey('192.0.2.2'))
  })

  it.each([undefined, '', 'localhost', '192.0.2.1, 198.51.100.1', '999.1.1.1', "1' OR 1=1", '1:'.repeat(50_000)])(
    'counts %s with all requests without an IP address',
    (address) => {
      expect(ipAddressKey(address)).toBe('unknown')
    },
  )
})

describe('ipNetworkKey', () => {
  it.each([
    ['2001:db8:1:2::1', '2001:db8:1::/48'],
    ['2001:0DB8:0001:ffff:ffff::', '2001:db8:1::/48'],
    ['::', '::/48'],
    ['192.0.2.1', null],
    ['::ffff:192.0.2.1', null],
    ['localhost', null],
  ])('of %s is %s', (address, network) => {
    expect(ipNetworkKey(ipAddressKey(address))).toBe(network)
  })
})

describe('addressLimiterName', () => {
  it('is one of 256, most of which are used, whatever the addresses', () => {
    const names = new Set<string>()
    for (let i = 0; i < 3_000; i += 1) {
      names.add(addressLimiterName(ipAddressKey(`203.0.${i >> 8}.${i & 255}`)))
      names.add(addressLimiterName(ipAddressKey(`2001:db8:${i.toString(16)}::1`)))
    }
    for (const name of names) expect(name).toMatch(/^addresses:([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])$/)
    expect(names.size).toBe(256)
  })

  it('is the same for all addresses of a /48', () => {
    const names = Array.from({ length: 100 }, (_, i) => addressLimiterName(ipAddressKey(`2001:db8:1:${i}::1`)))
    expect(new Set(names).size).toBe(1)
  })
})

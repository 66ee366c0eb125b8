import { describe, expect, it } from 'vitest'
import { ipAddressKey } from '../../src/access/client-address'

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

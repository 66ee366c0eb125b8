import { describe, expect, it } from 'vitest'
import { type TargetUrlRules, targetUrlProblem, urlViolation } from '../../src/webhooks/ssrf-guard'

const TOO_LONG = ['too_long', 'must be at most 2,048 characters']
const HTTPS = 'must use https'
const CREDENTIALS = 'must not contain a user name or password'
const HOST = 'must have a public host'
const PORT = 'must use port 443 or 8443'
const OWN = 'must not be a URL of this service'

const PRODUCTION: TargetUrlRules = { allowPrivate: false, ownOrigins: ['https://tickets.acme.com'] }
const DEVELOPMENT: TargetUrlRules = { allowPrivate: true, ownOrigins: ['http://localhost:3000'] }

function rejectedHost(host: string): string | null {
  return targetUrlProblem(`https://${host}/hook`, PRODUCTION)
}

function lastOf(start: string): string {
  const groups = start.split(':')
  return [...groups, ...Array<string>(8 - groups.length).fill('ffff')].join(':')
}

describe('urlViolation', () => {
  it.each([
    'https://example.com',
    'HTTPS://EXAMPLE.COM/Hook?a=b#c',
    'http://localhost:3000',
    'https://127.1/',
    'https://[::1]:8443/x',
    'https://bücher.de/ä/😀',
    'https://user:password@host',
  ])('W18 accepts %j, for later checks', (text) => {
    expect(urlViolation(text)).toBeNull()
  })

  it.each([
    ...['', '/hook', '//example.com/hook', 'example.com', 'example.com:443/hook', '?a', '#b'],
    ...['https', 'https:', 'https://', 'https:///'],
    ...['ftp://example.com', 'javascript:alert(1)', 'JavaScript://example.com/%0aalert(1)', 'data:text/plain,a'],
    ...['ws://example.com', 'wss://example.com', 'file:///etc/passwd', 'mailto:a@b.c', 'blob:https://example.com/a'],
    ...['httpsx://example.com', 'xhttps://example.com', 'https://example.com:65536', 'https://example.com:x'],
    ...['https://?a', 'https://:443', 'https://a@', 'https://[::1', 'https://[::g]', 'https://[]', 'https://1.2.3.4.5'],
    ...['https://256.1.1.1', 'https://4294967296', 'https://a.0x', 'https://127.0.0.09', 'https://exa%20mple.com'],
    ...['https://exa%00mple.com', 'https://a<b.com', 'https://[fe80::1%eth0]', 'https://[fe80::1%25eth0]'],
    ...[' https://example.com', 'https://example.com ', '\thttps://example.com', 'https://example.com\n'],
    ...['https://exam\nple.com', 'ht\ttps://example.com', 'https://example.com/a b', 'https://example.com/\r\nX: y'],
    ...['\0https://example.com', 'https://example.com/\0', 'https://example.com/\u007f', 'https://example.com/\u0085'],
    ...['\ufeffhttps://example.com', 'https://example.com/\u00a0', 'https://example.com/\u2028'],
    ...['https://a.com/\ud800', 'https://a.com/\u202egpj.exe', 'https://a.com/\u061c', 'https://a.com/?\u2066'],
  ])('W18 rejects %j', (text) => {
    expect(urlViolation(text)).not.toBeNull()
  })

  it('W18 accepts 2,048 characters at most as sent by the client, even if fewer remain', () => {
    const urls = [400, 500].map((count) => `https://example.com/${'a/../'.repeat(count)}`)
    expect(urls.map(urlViolation)).toEqual([null, TOO_LONG])
  })

  it.each([
    ['a', 1],
    ['😀', '%F0%9F%98%80'.length],
  ])('W18 accepts 2,048 characters at most after normalization, of %s', (character, sent) => {
    const longest = Math.floor((2_048 - 20) / sent)
    const urls = [longest, longest + 1, 100_000].map((length) => `https://example.com/${character.repeat(length)}`)
    expect(urls.map(urlViolation)).toEqual([null, TOO_LONG, TOO_LONG])
  })
})

describe('targetUrlProblem', () => {
  it.each([
    ...['localhost', 'LOCALHOST.', 'x.localhost', '127.1', '0x7f.1', '2130706433', '017700000001', '127。0。0。1'],
    ...['①②⑦.0.0.1', '[::1]', '[::]', '0.0.0.0', '10.0.0.5', '172.16.0.1', '192.168.1.1', '100.64.0.1'],
    ...['169.254.169.254', 'metadata.google.internal', '[fd00:ec2::254]', '[fe80::1]', '[::ffff:7f00:1]'],
    ...['[64:ff9b::a9fe:a9fe]', '[2002:7f00:1::]', '198.18.0.1', '240.0.0.1', '224.0.0.1'],
  ])('W18 rejects the host %s', (host) => {
    expect(rejectedHost(host)).toBe(HOST)
    expect(rejectedHost(`${host}:8443`)).toBe(HOST)
    expect(urlViolation(`https://${host}/hook`)).toBeNull()
  })

  it.each([
    ['in octal', ['0177.0.0.1', '0177.1', '00000177.0.0.01', '012.0.0.5', '0300.0250.1.1', '025177524776']],
    ['in hex', ['0x7f000001', '0X7F.0X0.0X0.0X1', '0x7f.0x.0.1', '0xA9FEA9FE', '0xc0.168.0x101', '0x.0x.0x.0x']],
    ['in decimal', ['0', '1', '2852039166', '3232235777', '4294967295', '10.5', '192.168.257', '169.254.43518']],
    ['in full width', ['１２７.０.０.１', '127．0．0．1', '１２７｡０｡０｡１', 'ｌｏｃａｌｈｏｓｔ', '０ｘ７ｆ.1']],
    ['in digits of other fonts', ['𝟏𝟐𝟕.𝟎.𝟎.𝟏', '¹²⁷.⁰.⁰.¹', '₁₂₇.₀.₀.₁', '①⑥⑨.②⑤④.①⑥⑨.②⑤④', 'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ']],
    ['percent-encoded', ['%31%32%37.0.0.1', '127%2e0%2e0%2e1', '%6cocalhost', 'localhost%2e', '%EF%BD%8Cocalhost']],
    ['in upper case', ['LocalHost', 'X.LOCALHOST', 'METADATA.GOOGLE.INTERNAL', '[FE80::1]', '[::FFFF:7F00:1]']],
    ['with dots at the end', ['localhost.', 'localhost..', 'x.localhost.', '127.0.0.1.', '127.0.0.1..', '2130706433.']],
    ['with dots too many', ['example.com..', '.example.com', 'a..example.com', '.', '..', '127.0.0.1。', '0x7f.1.']],
    ['with characters that are removed', ['loc\u00adalhost', 'local\u200bhost', '127.0.0.1\u00ad', '\u206010.0.0.5']],
    [
      'in punycode',
      ['xn--localhost-', 'x.xn--localhost-', 'a.xn--internal-.', 'bücher.local', 'xn--bcher-kva.internal'],
    ],
    ['after a backslash', ['127.0.0.1\\@example.com', 'localhost\\.example.com', '127.1?@example.com', '127.1#.a.com']],
    ['as IPv6 written out', ['[0:0:0:0:0:0:0:1]', '[0000::0001]', '[::0]', '[0::1]', '[fe80:0000::0:1]']],
    ['as IPv6 around IPv4', ['[::ffff:127.0.0.1]', '[::127.0.0.1]', '[::FFFF:169.254.169.254]', '[::ffff:0:10.0.0.5]']],
    ['as NAT64', ['[64:ff9b::127.0.0.1]', '[64:ff9b::8.8.8.8]', '[64:ff9b:1::10.0.0.5]', '[64:ff9b:1:fffe::1]']],
    ['as 6to4 or Teredo', ['[2002:a9fe:a9fe::1]', '[2002:808:808::1]', '[2001:0:4136:e378:8000:63bf:3fff:fdd2]']],
    ['around public IPv4', ['[::ffff:8.8.8.8]', '[::8.8.8.8]', '[::ffff:808:808]']],
    ['of one label', ['kubernetes', 'com', 'com.', 'a_b', 'db', '1e3', 'K', 'xn--bcher-kva']],
    ['of names that DNS does not have', ['*.example.com', '!.com', "a'b.com", 'a.b_c']],
  ])('W18 rejects hosts %s', (_, hosts) => {
    expect(hosts.filter((host) => rejectedHost(host) !== HOST)).toEqual([])
  })

  it.each([
    ...['local', 'localhost', 'internal', 'localdomain', 'lan', 'home', 'corp', 'intranet', 'private'],
    ...['home.arpa', 'arpa'],
    ...['test', 'invalid', 'example', 'onion', 'alt'],
  ])('rejects names below .%s and no similar ones', (name) => {
    for (const host of [name, `a.${name}`, `A.B.${name.toUpperCase()}`, `a.${name}.`])
      expect(rejectedHost(host)).toBe(HOST)
    const undotted = name.replace('.', '')
    for (const host of [`${name}.com`, `${name}.example.com`, `a.x${undotted}`, `a.${undotted}x`])
      expect(rejectedHost(host)).toBeNull()
  })

  // The first and last IP address, and their neighbors if those are public.
  it.each([
    ['this network', '0.0.0.0', '0.255.255.255', ['1.0.0.0']],
    ['private 10/8', '10.0.0.0', '10.255.255.255', ['9.255.255.255', '11.0.0.0', '11.0.0.1']],
    ['shared (CGNAT)', '100.64.0.0', '100.127.255.255', ['100.63.255.255', '100.128.0.0', '100.128.0.1']],
    ['loopback', '127.0.0.0', '127.255.255.255', ['126.255.255.255', '128.0.0.0']],
    ['link-local', '169.254.0.0', '169.254.255.255', ['169.253.255.255', '169.255.0.0']],
    ['private 172.16/12', '172.16.0.0', '172.31.255.255', ['172.15.255.255', '172.32.0.0', '172.32.0.1']],
    ['IETF protocols', '192.0.0.0', '192.0.0.255', ['191.255.255.255', '192.0.1.0']],
    ['DS-Lite', '192.0.0.0', '192.0.0.7', []],
    ['dummy and anycast', '192.0.0.8', '192.0.0.10', []],
    ['NAT64 discovery', '192.0.0.170', '192.0.0.171', []],
    ['documentation 1', '192.0.2.0', '192.0.2.255', ['192.0.1.255', '192.0.3.0']],
    ['AS112-v4', '192.31.196.0', '192.31.196.255', ['192.31.195.255', '192.31.197.0']],
    ['AMT', '192.52.193.0', '192.52.193.255', ['192.52.192.255', '192.52.194.0']],
    ['6to4 relays', '192.88.99.0', '192.88.99.255', ['192.88.98.255', '192.88.100.0']],
    ['private 192.168/16', '192.168.0.0', '192.168.255.255', ['192.167.255.255', '192.169.0.0']],
    ['direct AS112', '192.175.48.0', '192.175.48.255', ['192.175.47.255', '192.175.49.0']],
    ['benchmarking', '198.18.0.0', '198.19.255.255', ['198.17.255.255', '198.20.0.0']],
    ['documentation 2', '198.51.100.0', '198.51.100.255', ['198.51.99.255', '198.51.101.0']],
    ['documentation 3', '203.0.113.0', '203.0.113.255', ['203.0.112.255', '203.0.114.0']],
    ['multicast', '224.0.0.0', '239.255.255.255', ['223.255.255.255']],
    ['reserved', '240.0.0.0', '255.255.255.254', []],
    ['broadcast', '255.255.255.255', '255.255.255.255', []],
  ])('rejects IPv4 %s, %s to %s', (_, first, last, neighbours) => {
    expect([rejectedHost(first), rejectedHost(last)]).toEqual([HOST, HOST])
    expect(neighbours.filter((host) => rejectedHost(host) !== null)).toEqual([])
  })

  it.each([
    ['unspecified', '::', '::', []],
    ['loopback', '::1', '::1', []],
    ['IPv4-compatible', '::', '::ffff:ffff', []],
    ['IPv4-mapped', '::ffff:0:0', '::ffff:ffff:ffff', []],
    ['IPv4-translated', '::ffff:0:0:0', '::ffff:0:ffff:ffff', []],
    ['NAT64', '64:ff9b::', '64:ff9b::ffff:ffff', []],
    ['local NAT64', '64:ff9b:1::', lastOf('64:ff9b:1'), []],
    ['discard-only', '100::', lastOf('100:0:0:0'), []],
    ['dummy', '100:0:0:1::', lastOf('100:0:0:1'), []],
    ['below 2000::/3', '1::', lastOf('1fff'), ['2000::']],
    ['IETF protocols', '2001::', lastOf('2001:1ff'), ['2001:200::', lastOf('2000')]],
    ['Teredo', '2001::', lastOf('2001:0'), []],
    ['anycast', '2001:1::1', '2001:1::3', []],
    ['benchmarking', '2001:2::', lastOf('2001:2:0'), []],
    ['AMT', '2001:3::', lastOf('2001:3'), []],
    ['AS112-v6', '2001:4:112::', lastOf('2001:4:112'), []],
    ['old ORCHID', '2001:10::', lastOf('2001:1f'), []],
    ['ORCHIDv2', '2001:20::', lastOf('2001:2f'), []],
    ['drones', '2001:30::', lastOf('2001:3f'), []],
    ['documentation 1', '2001:db8::', lastOf('2001:db8'), [lastOf('2001:db7'), '2001:db9::']],
    ['6to4', '2002::', lastOf('2002'), [lastOf('2001'), '2003::']],
    ['direct AS112', '2620:4f:8000::', lastOf('2620:4f:8000'), [lastOf('2620:4f:7fff'), '2620:4f:8001::']],
    ['documentation 2', '3fff::', lastOf('3fff:fff'), [lastOf('3ffe'), '3fff:1000::', lastOf('3fff')]],
    ['above 2000::/3', '4000::', lastOf('fbff'), []],
    ['segment routing', '5f00::', lastOf('5f00'), []],
    ['unique-local', 'fc00::', lastOf('fdff'), []],
    ['link-local', 'fe80::', lastOf('febf'), []],
    ['site-local', 'fec0::', lastOf('feff'), []],
    ['multicast', 'ff00::', lastOf('ffff'), []],
  ])('rejects IPv6 %s, %s to %s', (_, first, last, neighbours) => {
    expect([rejectedHost(`[${first}]`), rejectedHost(`[${last}]`)]).toEqual([HOST, HOST])
    expect(neighbours.filter((host) => rejectedHost(`[${host}]`) !== null)).toEqual([])
  })

  it.each([
    ...['example.com', 'example.com.', 'hooks.EXAMPLE.com', 'a_b.example.com', 'bücher.de', 'xn--bcher-kva.de', 'ß.de'],
    ...['8.8.8.8', '8.8.8.8.', '134744072', '1.1.1.1', '[2606:4700::1111]', '[2A00:1450::1]', '127.0.0.1.nip.io'],
    ...['localhost.com', 'notlocalhost.com', '10.example.com', 'x.tickets.acme.com', 'acme.com'],
    ...['dead.beef', 'a--b.com'],
  ])('accepts %s', (host) => {
    expect(rejectedHost(host)).toBeNull()
    expect(rejectedHost(`${host}:443`)).toBeNull()
    expect(rejectedHost(`${host}:8443`)).toBeNull()
  })

  it('limits the length of labels and names', () => {
    const labels = [63, 64].map((length) => `${'a'.repeat(length)}.com`)
    const names = ['com', 'info'].map((end) => `${'a.'.repeat(125)}${end}`)
    expect([...labels, ...names].map(rejectedHost)).toEqual([null, HOST, null, HOST])
  })

  it.each(['22', '25', '6379', '0', '1', '80', '442', '444', '3000', '4430', '8080', '8444', '65535', '08442'])(
    'W18 rejects port %s',
    (port) => {
      expect(targetUrlProblem(`https://example.com:${port}/`, PRODUCTION)).toBe(PORT)
      expect(targetUrlProblem(`https://[2606:4700::1111]:${port}/`, PRODUCTION)).toBe(PORT)
      expect(targetUrlProblem(`https://example.com:${port}/`, DEVELOPMENT)).toBeNull()
    },
  )

  it.each(['', ':', ':443', ':00443', ':8443', ':08443'])('accepts the port in "example.com%s"', (port) => {
    expect(targetUrlProblem(`https://example.com${port}/`, PRODUCTION)).toBeNull()
  })

  it.each([
    ...['https://a@host', 'https://a:b@example.com', 'https://:b@example.com', 'https://a:@example.com'],
    ...['https:a@a.com'],
    ...['https://%20@example.com', 'https://a@b@example.com', 'https://example.com:443@127.0.0.1'],
    ...['https://a@localhost:22'],
  ])('W18 rejects the credentials of %s, in development too', (url) => {
    expect([PRODUCTION, DEVELOPMENT].map((rules) => targetUrlProblem(url, rules))).toEqual([CREDENTIALS, CREDENTIALS])
  })

  it.each([
    ...['https://@example.com', 'https://:@example.com', 'https://example.com/@a', 'https://example.com?a:b@c'],
    ...['https://example.com#a@b', 'https://example.com\\@127.0.0.1'],
  ])('finds no credentials in %s', (url) => {
    expect(targetUrlProblem(url, PRODUCTION)).toBeNull()
  })

  it.each(['http://example.com', 'HTTP://example.com:443', 'http://localhost'])('requires https in %s', (url) => {
    expect(targetUrlProblem(url, PRODUCTION)).toBe(HTTPS)
    expect(targetUrlProblem(url, DEVELOPMENT)).toBeNull()
  })

  it.each([
    '',
    'relative',
    'ftp://example.com',
    'javascript:alert(1)',
    'https://',
    'https://[fe80::1%25eth0]',
    'ws://a.com',
  ])('rejects %j even after the check of its form, in development too', (url) => {
    expect([PRODUCTION, DEVELOPMENT].map((rules) => targetUrlProblem(url, rules))).toEqual([HTTPS, HTTPS])
  })

  it.each([
    ...['http://localhost', 'http://localhost:3001', 'https://127.0.0.1:3001', 'http://[::1]:8080'],
    ...['http://10.0.0.5:22'],
    ...['http://kubernetes:6379', 'https://169.254.169.254', 'http://a.internal', 'https://[fe80::1]:25'],
    ...['http://a.test:1'],
    ...['http://example.com:3000', 'http://192.168.1.1:3000', 'https://tickets.acme.com'],
  ])('accepts %s in development', (url) => {
    expect(targetUrlProblem(url, DEVELOPMENT)).toBeNull()
  })
})

describe('URLs of the service itself', () => {
  it.each([
    ...['tickets.acme.com', 'TICKETS.acme.COM', 'tickets.acme.com.', 'tickets.acme.com:443', 'tickets.acme.com:8443'],
    ...['tickets。acme。com', '%74ickets.acme.com', 'ｔickets.acme.com', 'tic\u00adkets.acme.com'],
    ...['tickets.acme.com./v1'],
  ])('are rejected as %s', (host) => {
    expect(rejectedHost(host)).toBe(OWN)
  })

  it.each([
    ['any of several origins', ['https://a.acme.com', 'https://b.acme.com'], 'https://b.acme.com/hook', OWN],
    ['another port of the service', ['https://a.acme.com:8443'], 'https://a.acme.com', OWN],
    ['another scheme of the service', ['http://a.acme.com:3000'], 'https://a.acme.com', OWN],
    ['a dot at the end of the service’s host', ['https://a.acme.com.'], 'https://a.acme.com', OWN],
    ['an IPv4 address', ['https://8.8.8.8'], 'https://0x08.8.8.8', OWN],
    ['an IPv6 address', ['https://[2606:4700::1111]'], 'https://[2606:4700:0::1111]:8443', OWN],
    ['nothing without an origin', [], 'https://a.acme.com', null],
    ['nothing without a valid origin', ['', 'a.acme.com'], 'https://a.acme.com', null],
    ['not a subdomain', ['https://acme.com'], 'https://a.acme.com', null],
    ['not a parent domain', ['https://a.acme.com'], 'https://acme.com', null],
  ])('in production: %s', (_, ownOrigins, url, expected) => {
    expect(targetUrlProblem(url, { allowPrivate: false, ownOrigins })).toBe(expected)
  })

  it.each([
    ...['http://localhost:3000', 'https://localhost:3000/hook', 'http://LOCALHOST.:3000', 'http://127.0.0.1:3000'],
    ...['http://127.1:3000', 'http://[::1]:3000', 'http://[0:0::1]:3000', 'http://0.0.0.0:3000', 'http://[::]:3000'],
    ...['http://2130706433:3000', 'http://ｌocalhost:03000'],
  ])('are rejected in development as %s', (url) => {
    for (const own of ['http://localhost:3000', 'http://127.0.0.1:3000', 'http://[::1]:3000'])
      expect(targetUrlProblem(url, { allowPrivate: true, ownOrigins: ['', own] })).toBe(OWN)
  })

  it.each([
    ['http://localhost', 'http://127.0.0.1:80', OWN],
    ['https://localhost', 'https://127.0.0.1:443', OWN],
    ['https://localhost', 'http://localhost:443', OWN],
    ['http://localhost:443', 'https://[::1]', OWN],
    ['http://localhost', 'https://localhost:80', OWN],
    ['http://tickets.acme.com', 'http://tickets.acme.com.:80', OWN],
    ['http://localhost', 'https://localhost', null],
    ['https://localhost', 'http://localhost', null],
    ['https://localhost', 'https://localhost:8443', null],
    ['http://localhost:3000', 'http://10.0.0.5:3000', null],
    ['http://tickets.acme.com', 'http://tickets.acme.com:3000', null],
  ])('are compared in development with %s: %s is %s', (own, url, expected) => {
    expect(targetUrlProblem(url, { allowPrivate: true, ownOrigins: [own] })).toBe(expected)
  })
})

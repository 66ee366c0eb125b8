// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import { of } from '../mutation.ts'

/** Where a webhook must not lead. */
export const ADDRESSES = [
  ...of(
    'webhooks/address-guard.ts',
    ['webhooks/address-guard'],
    [
      ['characters(text) > MAX_CHARACTERS || CHANGED_BY_PARSING.test(text)', 'characters(text) > MAX_CHARACTERS'],
      ['characters(text) > MAX_CHARACTERS || CHANGED_BY_PARSING.test(text)', 'CHANGED_BY_PARSING.test(text)'],
      ['if (!url || url.href.length > MAX_CHARACTERS) return false', 'if (!url) return false'],
      ["return url.protocol === 'https:' || url.protocol === 'http:'", "return url.protocol !== ''"],
      ["if (!parsed || !isAllowedScheme) return 'must be https'", "if (!parsed) return 'must be https'"],
      ["(rules.allowPrivate && parsed?.protocol === 'http:')", "parsed?.protocol === 'http:'"],
      ["  if (parsed.username || parsed.password) return 'must not hold a user name or a password'\n", ''],
      ['if (parsed.username || parsed.password)', 'if (parsed.username)'],
      ["  if (!rules.allowPrivate && !isPublicHost(hostOf(parsed))) return 'must name a public host'\n", ''],
      ["  if (!rules.allowPrivate && !PORTS.has(parsed.port)) return 'must use port 443 or 8443'\n", ''],
      ["return isOwn(parsed, rules) ? 'must not be an address of this service' : null", 'return null'],
      ["return url.hostname.replace(/\\.$/, '')", 'return url.hostname'],
      ["return address.range() === 'unicast' && address.match(GLOBAL_UNICAST)", "return address.range() === 'unicast'"],
      ["return address.range() === 'unicast' && address.match(GLOBAL_UNICAST)", 'return address.match(GLOBAL_UNICAST)'],
      ["return ipaddr.IPv4.parse(host).range() === 'unicast'", 'return true'],
      [
        'return topLevelName !== undefined && !INTERNAL_TOP_LEVEL_NAMES.has(topLevelName)',
        'return topLevelName !== undefined',
      ],
      ['const HOST_NAME = /^(?=.{1,253}$)(?:', 'const HOST_NAME = /^(?:'],
      ["'arpa', 'example',", "'example',"],
      ["'internal', 'invalid',", "'invalid',"],
      ["'local', 'localhost', 'onion'", "'localhost', 'onion'"],
      ["'localhost', 'onion', 'test'", "'onion', 'test'"],
      ["'onion', 'test'],", "'test'],"],
      ["...['corp', 'home', 'intranet', 'lan', 'localdomain', 'private'],", ''],
      ['const place = allowPrivate ? hostAndPort : hostOf', 'const place = hostAndPort'],
      ['const place = allowPrivate ? hostAndPort : hostOf', 'const place = hostOf'],
      ["return `${THIS_MACHINE.has(host) ? 'localhost' : host}:${port}`", 'return `${host}:${port}`'],
    ],
  ),
  ...of(
    'webhooks/attempt.ts',
    ['webhooks/addresses'],
    [
      ["  if (refusedAddress(url, { allowPrivate, ownOrigins }) !== null) return failed('address')\n", ''],
      [
        'const ownOrigins = config.publicOrigin === null ? [] : [config.publicOrigin]',
        'const ownOrigins: string[] = []',
      ],
    ],
  ),
  ...of(
    'webhooks/service.ts',
    ['webhooks/addresses'],
    [
      ['  if (refusal && !(await wasDone(ctx))) throw refusal\n', ''],
      ['const refusal = url === undefined ? null : refusalOfAddress(ctx, url)', 'const refusal = null'],
    ],
  ),
]

import ipaddr from 'ipaddr.js'
import type { Violation } from '../http/schemas/request-fields'
import { hasBidiControl, hasMoreCharacters } from '../lib/text'

export interface TargetUrlRules {
  /** For development only. */
  allowPrivate: boolean
  /** The origins of this service. */
  ownOrigins: readonly string[]
}

const MAX_CHARACTERS = 2_048

// URL.parse removes or replaces these characters, so it would check another URL than the one given.
const CHANGED_BY_PARSING = /[\s\p{Cc}\p{Cs}]/u

// URL.parse omits 443.
const PORTS = new Set(['', '8443'])

// URL.parse accepts names that are invalid in DNS: empty labels, `*.example.com`, `x.xn--localhost-`.
const HOST_NAME = /^(?=.{1,253}$)(?:[a-z0-9_-]{1,63}\.)+([a-z0-9-]{0,62}[a-z0-9])$/

// Reserved by RFC 6761, 6762, 7686, 8375, 9476 and ICANN, or common in private networks.
const INTERNAL_TOP_LEVEL_NAMES = new Set([
  ...['alt', 'arpa', 'example', 'internal', 'invalid', 'local', 'localhost', 'onion', 'test'],
  ...['corp', 'home', 'intranet', 'lan', 'localdomain', 'private'],
])

// ipaddr.js returns `unicast` for all ranges that it does not know, such as `::127.0.0.1`.
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')

// In development, a subscriber may run on the same machine, at another port.
const NAMES_OF_LOCALHOST = new Set(['127.0.0.1', '0.0.0.0', '[::1]', '[::]'])

const TOO_LONG = ['too_long', `must be at most ${MAX_CHARACTERS.toLocaleString('en')} characters`] as const

/** Of a text that is not an http or https URL. At most 2,048 characters as given and as parsed. */
export function urlViolation(text: string): Violation {
  if (hasMoreCharacters(text, MAX_CHARACTERS)) return TOO_LONG
  if (CHANGED_BY_PARSING.test(text)) return ['invalid_format', 'must not contain white space or control characters']
  // RFC 3987, section 4.1
  if (hasBidiControl(text)) return ['invalid_format', 'must not contain characters that change the direction of text']
  const url = URL.parse(text)
  if (!url) return ['invalid_format', 'must be an absolute URL, such as https://hooks.example.com/tickets']
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return ['invalid_format', 'must begin with https:// or http://']
  return url.href.length > MAX_CHARACTERS ? TOO_LONG : null
}

/** The rule that the URL of a webhook violates, as a text that follows the name of the field; null for none. */
export function targetUrlProblem(url: string, rules: TargetUrlRules): string | null {
  const parsed = URL.parse(url)
  const isAllowedScheme = parsed?.protocol === 'https:' || (rules.allowPrivate && parsed?.protocol === 'http:')
  if (!parsed || !isAllowedScheme) return 'must use https'
  if (parsed.username || parsed.password) return 'must not contain a user name or password'
  if (!rules.allowPrivate && !isPublicHost(hostOf(parsed))) return 'must have a public host'
  if (!rules.allowPrivate && !PORTS.has(parsed.port)) return 'must use port 443 or 8443'
  return isOwn(parsed, rules) ? 'must not be a URL of this service' : null
}

/** URL.parse normalizes the host except for a dot at its end. */
function hostOf(url: URL): string {
  return url.hostname.replace(/\.$/, '')
}

function isPublicHost(host: string): boolean {
  if (host.startsWith('[')) {
    const address = ipaddr.IPv6.parse(host.slice(1, -1))
    return address.range() === 'unicast' && address.match(GLOBAL_UNICAST)
  }
  if (ipaddr.IPv4.isValidFourPartDecimal(host)) return ipaddr.IPv4.parse(host).range() === 'unicast'
  const topLevelName = HOST_NAME.exec(host)?.[1]
  return topLevelName !== undefined && !INTERNAL_TOP_LEVEL_NAMES.has(topLevelName)
}

function isOwn(url: URL, { allowPrivate, ownOrigins }: TargetUrlRules): boolean {
  const identity = allowPrivate ? hostAndPort : hostOf
  return ownOrigins.some((origin) => {
    const own = URL.parse(origin)
    return own !== null && identity(own) === identity(url)
  })
}

function hostAndPort(url: URL): string {
  const host = hostOf(url)
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  return `${NAMES_OF_LOCALHOST.has(host) ? 'localhost' : host}:${port}`
}

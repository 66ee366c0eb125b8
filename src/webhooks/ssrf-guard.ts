import ipaddr from 'ipaddr.js'
import { hasMoreCharacters } from '../lib/text'

/** Where deliveries may go: `allowPrivate` is for development only, `ownOrigins` are those this service answers at. */
export interface TargetUrlRules {
  allowPrivate: boolean
  ownOrigins: readonly string[]
}

const MAX_CHARACTERS = 2_048

// URL.parse trims and removes some of these and replaces others: it would judge another text than the one given.
const CHANGED_BY_PARSING = /[\s\p{Cc}\p{Cs}]/u

// The parser leaves 443 out.
const PORTS = new Set(['', '8443'])

// The parser lets through what DNS has no name for: empty labels, `*.example.com`, `x.xn--localhost-`.
const HOST_NAME = /^(?=.{1,253}$)(?:[a-z0-9_-]{1,63}\.)+([a-z0-9-]{0,62}[a-z0-9])$/

// Set aside by RFC 6761, 6762, 7686, 8375, 9476 and ICANN, or in wide use inside networks. Nothing below `arpa` is a
// subscriber's, `home.arpa` least of all.
const INTERNAL_TOP_LEVEL_NAMES = new Set([
  ...['alt', 'arpa', 'example', 'internal', 'invalid', 'local', 'localhost', 'onion', 'test'],
  ...['corp', 'home', 'intranet', 'lan', 'localdomain', 'private'],
])

// ipaddr.js says `unicast` of all that it has no name for, `::127.0.0.1` among it.
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')

// In development a subscriber may well run on the machine that we run on: only our port is ours.
const NAMES_OF_LOCALHOST = new Set(['127.0.0.1', '0.0.0.0', '[::1]', '[::]'])

/** Whether a text is an absolute URL of the web, of at most 2,048 characters as it is given and as it is sent. */
export function isWebUrl(text: string): boolean {
  if (hasMoreCharacters(text, MAX_CHARACTERS) || CHANGED_BY_PARSING.test(text)) return false
  const url = URL.parse(text)
  if (!url || url.href.length > MAX_CHARACTERS) return false
  return url.protocol === 'https:' || url.protocol === 'http:'
}

/** The rule that an address breaks to which no delivery may be sent, to stand behind the field's name; else null. */
export function targetUrlProblem(url: string, rules: TargetUrlRules): string | null {
  const parsed = URL.parse(url)
  const isAllowedScheme = parsed?.protocol === 'https:' || (rules.allowPrivate && parsed?.protocol === 'http:')
  if (!parsed || !isAllowedScheme) return 'must be https'
  if (parsed.username || parsed.password) return 'must not hold a user name or a password'
  if (!rules.allowPrivate && !isPublicHost(hostOf(parsed))) return 'must name a public host'
  if (!rules.allowPrivate && !PORTS.has(parsed.port)) return 'must use port 443 or 8443'
  return isOwn(parsed, rules) ? 'must not be an address of this service' : null
}

/** The host of a URL, which the parser has brought into one spelling but for the dot of a name's end. */
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
  const place = allowPrivate ? hostAndPort : hostOf
  return ownOrigins.some((origin) => {
    const own = URL.parse(origin)
    return own !== null && place(own) === place(url)
  })
}

function hostAndPort(url: URL): string {
  const host = hostOf(url)
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  return `${NAMES_OF_LOCALHOST.has(host) ? 'localhost' : host}:${port}`
}

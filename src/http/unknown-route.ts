import { editDistance } from '../lib/edit-distance'

interface Route {
  method: string
  /** A pattern of the router: `/api/v1/tickets/:ticket_id`. */
  path: string
}

const VERSION = /^\/(?:api|ticketing)\/(v\d{1,9})(?:\/|$)/i
const VERSIONS = ['v1']

const MAX_SHOWN = 100
/** Longer paths are not compared with routes. */
const MAX_COMPARED = 300
const MAX_SEGMENTS = 10
/** Of a whole path. */
const MAX_MISTAKES = 3
/** IDs have digits: a word in their place is more likely a mistyped name. */
const WORD_AS_ID = 1.25
const PREFIX_SEGMENTS = 2
const EXTENSION = /\.(?:json|xml|html?)$/

/** For a path that matches no route: routes are public, unlike resources. `pathname` is in percent-encoding. */
export function unknownRouteMessage(method: string, pathname: string, routes: readonly Route[]): string {
  const version = VERSION.exec(pathname)?.[1]
  const isUnknownVersion = version !== undefined && !VERSIONS.includes(version)
  const nearest = nearestRoute(method, pathname, routes)
  return [
    isUnknownVersion
      ? `No version ${version} of this API; existing versions: ${VERSIONS.join(', ')}`
      : `No route ${method} ${shortened(pathname)}`,
    ...(nearest === null ? [] : [`Did you mean ${nearest.replace(/:(\w+)/g, '{$1}')}?`]),
    'See /openapi.json and /docs',
  ].reduce((text, sentence) => `${text}${text.endsWith('?') ? '' : '.'} ${sentence}`)
}

function shortened(pathname: string): string {
  return pathname.length > MAX_SHOWN ? `${pathname.slice(0, MAX_SHOWN)}…` : pathname
}

/** The pattern with the fewest mistakes, and of equal ones the first that supports the method. */
function nearestRoute(method: string, pathname: string, routes: readonly Route[]): string | null {
  if (pathname.length > MAX_COMPARED) return null
  const segments = segmentsOf(pathname)
  if (segments.length === 0 || segments.length > MAX_SEGMENTS) return null
  let nearest: string | null = null
  let fewest = MAX_MISTAKES + 1
  for (const route of routes) {
    if (route.method === 'ALL' || route.path.includes('*') || isMatch(route.path, pathname)) continue
    const mistakes = mistakesIn(segments, route.path) + (route.method === method ? 0 : 0.5)
    if (mistakes >= fewest) continue
    fewest = mistakes
    nearest = route.path
  }
  return nearest
}

/** Of a handler that calls `notFound`. */
function isMatch(pattern: string, pathname: string): boolean {
  const [given, wanted] = [pathname.split('/'), pattern.split('/')]
  return given.length === wanted.length && wanted.every((part, index) => part.startsWith(':') || part === given[index])
}

function mistakesIn(segments: readonly string[], pattern: string): number {
  const wanted = segmentsOf(pattern)
  if (!VERSION.test(pattern)) return difference(segments, wanted)
  const [name = '', version = ''] = wanted
  const rest = wanted.slice(PREFIX_SEGMENTS)
  // The prefix is missing, incomplete or doubled.
  const variants = [rest, [name, ...rest], [version, ...rest], [name, version, ...wanted]]
  return Math.min(difference(segments, wanted), ...variants.map((variant) => 1 + difference(segments, variant)))
}

function difference(segments: readonly string[], wanted: readonly string[]): number {
  if (segments.length !== wanted.length) return Number.POSITIVE_INFINITY
  let sum = 0
  for (const [index, segment] of segments.entries()) {
    sum += segmentDifference(segment, wanted[index] ?? '')
    if (sum > MAX_MISTAKES) return Number.POSITIVE_INFINITY
  }
  return sum
}

function segmentDifference(segment: string, wanted: string): number {
  if (segment === wanted) return 0
  if (wanted.startsWith(':')) return /\d/.test(segment) ? 0 : WORD_AS_ID
  if (/^v\d+$/.test(wanted)) return /^v?\d+(\.\d+)*$/.test(segment) ? 1 : Number.POSITIVE_INFINITY
  return editDistance(segment, wanted, Math.min(2, Math.floor(wanted.length / 3)))
}

/** Without empty segments, case and the extension of the last one. */
function segmentsOf(path: string): string[] {
  return path.toLowerCase().replace(EXTENSION, '').split('/').filter(Boolean)
}

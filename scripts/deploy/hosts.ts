import { z } from 'zod'

/** Hosts from the environment's own section of wrangler.toml, valid or not. */
export interface Hosts {
  workersDev: unknown
  previewUrls: unknown
  routes: readonly unknown[]
}

const Route = z.object({
  pattern: z.string(),
  custom_domain: z.unknown().optional(),
  enabled: z.unknown().optional(),
  previews_enabled: z.unknown().optional(),
})

const HOST_NAME = /^(?=.{1,253}$)(?:[a-z0-9-]{1,63}\.)+[a-z][a-z0-9-]*$/

/** Names that RFC 2606 and RFC 6761 reserve for documentation, tests and local use. */
const RESERVED = /(^|\.)(example|invalid|test|localhost|example\.(com|net|org))$/

const WORKERS_DEV = /(^|\.)workers\.dev$/

/** The pattern of a route, whichever form it has; JSON of what is not a route. */
export function patternOf(route: unknown): string {
  return parseRoute(route)?.pattern ?? JSON.stringify(route)
}

function parseRoute(route: unknown) {
  return Route.safeParse(typeof route === 'string' ? { pattern: route } : route).data
}

/** A sentence for each reason why `publicOrigin` is not the only public host of an environment. */
export function hostProblems(name: string, hosts: Hosts, publicOrigin: unknown): string[] {
  const section = `[env.${name}] of wrangler.toml`
  const host = hostOf(publicOrigin)
  const problems = []
  // A missing setting is inherited from the top.
  if (hosts.workersDev !== false)
    problems.push(`${section} must have workers_dev = false: a workers.dev host bypasses the rules of your zone.`)
  if (hosts.previewUrls !== false)
    problems.push(`${section} must have preview_urls = false: a preview is a second public host.`)
  if (hosts.routes.length === 0)
    problems.push(
      `${section} has no routes: add routes = [{ pattern = "<host of PUBLIC_ORIGIN>", custom_domain = true }].`,
    )
  for (const route of hosts.routes)
    problems.push(...routeProblems(route, host).map((problem) => `${section}: ${problem}.`))
  return problems
}

function routeProblems(route: unknown, host: string | null): string[] {
  const settings = parseRoute(route)
  if (!settings) return [`a route must be { pattern = "<host of PUBLIC_ORIGIN>", custom_domain = true }`]
  const named = `the route ${JSON.stringify(settings.pattern)}`
  const problems = []
  if (settings.custom_domain !== true) problems.push(`${named} must have custom_domain = true`)
  if ((settings.enabled ?? true) !== true) problems.push(`${named} must be enabled`)
  if ((settings.previews_enabled ?? false) !== false) problems.push(`${named} must not have previews_enabled`)
  const problem = patternProblem(settings.pattern, host)
  if (problem !== null) problems.push(`${named} ${problem}`)
  return problems
}

function patternProblem(pattern: string, host: string | null): string | null {
  const name = hostName(pattern)
  if (name === null) return 'must be a host name, without a scheme, port, path or wildcard'
  if (WORKERS_DEV.test(name)) return 'must not be a host of workers.dev: it bypasses the rules of your zone'
  if (RESERVED.test(name)) return 'is a placeholder: replace it with the host name of the service'
  return host === null || name === host ? null : `must be the host of PUBLIC_ORIGIN, ${host}`
}

/** Lowercase ASCII, or null if it is not a host name. */
function hostName(text: string): string | null {
  const host = /[/:?#@\\\s]/.test(text) ? undefined : URL.parse(`https://${text}`)?.host
  return host !== undefined && HOST_NAME.test(host) ? host : null
}

/** With its port, even if the origin is invalid for another reason. */
function hostOf(origin: unknown): string | null {
  return (typeof origin === 'string' && URL.parse(origin)?.host) || null
}

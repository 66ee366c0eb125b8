import type { Context, Hono } from 'hono'
import { configOf } from '../core/config'
import type { AppEnv } from '../http/app-env'
import { DAY, toWireTime } from '../lib/time'

const VALIDITY = 180 * DAY

/** RFC 9116. `Expires` is computed, so that it never lies in the past. */
export function registerSecurityTxt(app: Hono<AppEnv>): void {
  app.get('/.well-known/security.txt', (c) => {
    const { origin } = publicUrlOf(c)
    const fields = [
      `Contact: ${contactOf(c)}`,
      `Expires: ${toWireTime(Date.now() + VALIDITY)}`,
      'Preferred-Languages: en',
      ...(origin.startsWith('https:') ? [`Canonical: ${origin}/.well-known/security.txt`] : []),
    ]
    return c.text(`${fields.join('\n')}\n`, 200, { 'Cache-Control': `public, max-age=${DAY / 1_000}` })
  })
}

/** By default the mailbox that RFC 2142 reserves for security. */
function contactOf(c: Context<AppEnv>): string {
  return configOf(c.env).securityContact ?? `mailto:security@${publicUrlOf(c).hostname}`
}

function publicUrlOf(c: Context<AppEnv>): URL {
  return new URL(configOf(c.env).publicOrigin ?? c.req.url)
}

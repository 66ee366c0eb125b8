import type { Fixture } from '../fixture'
import { type Path, pathOf } from '../operation-kinds'

export const file = { filename: 'new.txt', content: 'bmV3', mime_type: 'text/plain' }

export const ticket: Path = ({ resources }) => `tickets/${resources.ticket.id}`
export const comments: Path = (w) => `${pathOf(ticket, w)}/comments`
export const attachments: Path = (w) => `${pathOf(ticket, w)}/attachments`
export const hook: Path = ({ resources }) => `webhooks/${resources.hook.id}`
export const userPath =
  (pick: (fixture: Fixture) => { id: string }): Path =>
  (w) =>
    `users/${pick(w).id}`
export const customer = userPath(({ account }) => account.customer)
export const deliveries: Path = (w) => `${pathOf(hook, w)}/deliveries`

import type { World } from '../fixture'
import { type Path, pathOf } from '../operation-kinds'

/** A file for a body of JSON. */
export const file = { filename: 'new.txt', content: 'bmV3', mime_type: 'text/plain' }

export const ticket: Path = ({ things }) => `tickets/${things.ticket.id}`
export const comments: Path = (w) => `${pathOf(ticket, w)}/comments`
export const attachments: Path = (w) => `${pathOf(ticket, w)}/attachments`
export const hook: Path = ({ things }) => `webhooks/${things.hook.id}`
export const userPath =
  (pick: (world: World) => { id: string }): Path =>
  (w) =>
    `users/${pick(w).id}`
export const customer = userPath(({ account }) => account.customer)
export const deliveries: Path = (w) => `${pathOf(hook, w)}/deliveries`

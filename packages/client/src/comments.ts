import { path } from './address.ts'
import type { Api, WriteOptions } from './api.ts'
import type { CommentWithAttachments, CreateComment } from './ticket-types.ts'
import { type Walk, type WalkOptions, walkByCursor } from './walk.ts'

/** Comments on a ticket. Customers do not see internal ones. */
export class Comments {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  /** All comments on a ticket, oldest first. */
  list(ticketId: string, options: WalkOptions = {}): Walk<CommentWithAttachments> {
    return walkByCursor(options, (page) => this.#api.get(path`/tickets/${ticketId}/comments`, page, options))
  }

  async create(ticketId: string, comment: CreateComment, options: WriteOptions = {}): Promise<CommentWithAttachments> {
    const address = path`/tickets/${ticketId}/comments`
    return (await this.#api.write<{ data: CommentWithAttachments }>('POST', address, comment, options)).data
  }

  /** Deletes a comment. Agents may only delete their own. */
  async delete(ticketId: string, commentId: string, options: WriteOptions = {}): Promise<void> {
    await this.#api.write('DELETE', path`/tickets/${ticketId}/comments/${commentId}`, undefined, options)
  }
}

import { path } from './address.ts'
import type { Api, WriteOptions } from './api.ts'
import { ApiError } from './errors.ts'
import type { RequestOptions } from './sender.ts'
import type { Attachment, NewAttachment } from './ticket-types.ts'
import { type Walk, type WalkOptions, walkByCursor } from './walk.ts'

/** 95 MiB at 1 Mbit/s. */
const UPLOAD_TIMEOUT_MS = 800_000

/** Bytes of a file; text is sent as UTF-8. `openAsBlob` of `node:fs` opens a file without reading it into memory. */
export type Bytes = Blob | ArrayBuffer | Uint8Array<ArrayBuffer> | string

export interface FileFacts {
  filename: string
  /** `application/octet-stream` by default. */
  mime_type?: string
}

/** Attachments of tickets and of their comments. */
export class Attachments {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  /** All attachments of a ticket and its comments, oldest first. */
  list(ticketId: string, options: WalkOptions = {}): Walk<Attachment> {
    return walkByCursor(options, (page) => this.#api.get(path`/tickets/${ticketId}/attachments`, page, options))
  }

  /** Uploads a file of up to 95 MiB to a ticket. */
  async upload(
    ticketId: string,
    bytes: Bytes,
    { filename, mime_type }: FileFacts,
    { timeoutMs = UPLOAD_TIMEOUT_MS, ...options }: WriteOptions = {},
  ): Promise<Attachment> {
    const file = blobOf(bytes, mime_type)
    const address = path`/tickets/${ticketId}/attachments`
    const { data } = await this.#api.upload<{ data: Attachment }>(address, { filename }, file, {
      ...options,
      timeoutMs,
    })
    return data
  }

  /** The metadata of a file, with a new URL to download it. */
  async get(id: string, options: RequestOptions = {}): Promise<Attachment> {
    return (await this.#api.get<{ data: Attachment }>(path`/attachments/${id}`, {}, options)).data
  }

  /** Deletes a file. For agents and admins. */
  async delete(ticketId: string, id: string, options: WriteOptions = {}): Promise<void> {
    await this.#api.write('DELETE', path`/tickets/${ticketId}/attachments/${id}`, undefined, options)
  }

  /**
   * Downloads a file, by an attachment or its ID: use `.blob()`, `.text()`, or `.body` to stream it. Gets a new URL if
   * the attachment's has expired. `timeoutMs` applies until the response starts; `signal` also aborts the body.
   */
  async download(attachment: Attachment | string, options: RequestOptions = {}): Promise<Response> {
    if (typeof attachment === 'string') return this.#api.streamFile((await this.get(attachment, options)).url, options)
    try {
      return await this.#api.streamFile(attachment.url, options)
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 403) throw error
      return this.download(attachment.id, options)
    }
  }
}

/** A file for the `attachments` of a new ticket or comment, in base64: up to 10 files of 10 MiB together. */
export async function toAttachment(bytes: Bytes, { filename, mime_type }: FileFacts): Promise<NewAttachment> {
  const file = blobOf(bytes, mime_type)
  const content = base64Of(new Uint8Array(await file.arrayBuffer()))
  return { filename, content, mime_type: file.type || 'application/octet-stream' }
}

function blobOf(bytes: Bytes, type: string | undefined): Blob {
  if (bytes instanceof Blob) return type === undefined ? bytes : bytes.slice(0, bytes.size, type)
  return new Blob([bytes], { type: type ?? 'application/octet-stream' })
}

/** In chunks, because the number of arguments of a function is limited. */
function base64Of(bytes: Uint8Array): string {
  const PART = 32_768
  let binary = ''
  for (let start = 0; start < bytes.length; start += PART)
    binary += String.fromCharCode(...bytes.subarray(start, start + PART))
  return btoa(binary)
}

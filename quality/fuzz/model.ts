import { expect } from 'vitest'
import type { Answer } from '../../test/helpers/api'
import { type NamedOperation, OPERATIONS } from '../../test/helpers/openapi'
import { expectTold } from './check-response'
import type { Ledger } from './database-snapshot'
import type { World } from './fixture'
import { type Actor, addressOf, type Draft, nameOf, refusalOf, roleOf } from './generated-request'
import { placeholders, RESOURCES, type Resource } from './resources'

/** Something that a sequence has made, as it should be. */
interface Thing {
  resource: Resource
  /** Its own and those of what it is part of, by their placeholders. */
  ids: Record<string, string>
  /** The member in whose name it was made. */
  creator: string
  isInternal: boolean
  isDeleted: boolean
  /** What only its creation tells. */
  key: string | undefined
}

export interface Step {
  /** `PATCH /tickets/{ticket_id}` */
  name: string
  draft: Draft
  /** Which of the things that there are is meant. */
  at: number
}

/** Things that stay to be seen once they are deleted, and how it shows. */
const LINGERING: Record<string, (data: Record<string, unknown>) => boolean> = {
  user_id: ({ status }) => status === 'inactive',
  key_id: ({ revoked_at }) => revoked_at !== null,
}

// biome-ignore lint/suspicious/noExplicitAny: bodies of every shape, each checked against its schema
type Body = any

/** What there should be after what was done, and what is there. */
export class Model {
  private readonly things: Thing[] = []

  constructor(
    private readonly world: World,
    private readonly ledger: Ledger,
  ) {}

  /** Does a step, and fails where what is answered or stored is not what the steps before lead to. */
  async take({ name, draft, at }: Step): Promise<void> {
    const operation = operationNamed(name)
    const names = placeholders(operation)
    const thing = this.pick(names.at(-1), at)
    if (names.length > 0 && !thing) return
    const sent = { ...draft, path: pathOf(operation, thing?.ids ?? {}) }
    const answer = await this.send(sent)
    expectTold(operation, sent, answer)
    if (refusalOf(operation, sent.by) === null && thing) this.expectFound(thing, sent, answer)
    const isDone = answer.status < 300 && operation.method !== 'GET'
    if (!isDone) {
      await this.ledger.expectUnchanged(`a ${answer.status}`)
      return
    }
    await this.ledger.settle()
    await this.note(operation, sent, thing, answer)
    await this.sendAgain(sent, answer)
  }

  /** Deletes all that is there, the youngest first. */
  async clear(): Promise<void> {
    for (const thing of this.things.toReversed()) {
      const { remove, name } = thing.resource
      const at = this.things.filter(({ resource }) => resource.name === name).indexOf(thing)
      if (!remove || thing.isDeleted || !this.isThere(thing)) continue
      await this.take({ name: nameOf(remove), draft: { ...plain('admin', ''), method: 'DELETE' }, at })
      expect(thing.isDeleted, `${nameOf(remove)} deletes`).toBe(true)
    }
  }

  private async send(draft: Draft): Promise<Answer> {
    return this.world.send(draft, () => this.ledger.settle())
  }

  private pick(name: string | undefined, at: number): Thing | undefined {
    const all = this.things.filter(({ resource }) => resource.name === name)
    return all[at % Math.max(1, all.length)]
  }

  /** A thing that is gone, another account's or hidden is not found; one that is there is. */
  private expectFound(thing: Thing, { by, method, headers, query }: Draft, { status, text }: Answer): void {
    if (!this.isThere(thing) || !this.isVisible(thing, by)) expect([400, 403, 404], text).toContain(status)
    else if (method === 'GET' && query.length === 0 && !('If-None-Match' in headers)) expect(status, text).toBe(200)
    else expect(status, text).not.toBe(404)
  }

  /** Whether neither it nor what it is part of is deleted. */
  private isThere(thing: Thing): boolean {
    const owners = this.things.filter(({ resource, ids }) => thing.ids[resource.name] === ids[resource.name])
    return !owners.some(({ isDeleted, resource }) => isDeleted && !(resource.name in LINGERING))
  }

  private isVisible(thing: Thing, actor: Actor): boolean {
    if (actor.startsWith('other')) return false
    if (roleOf(actor) !== 'customer') return true
    const ticket = this.things.find(
      ({ resource, ids }) => resource.name === 'ticket_id' && ids.ticket_id === thing.ids.ticket_id,
    )
    return ticket?.creator === this.world.memberOf(actor) && !thing.isInternal
  }

  /** Takes up what was done, and looks whether it can be seen. */
  private async note(operation: NamedOperation, sent: Draft, thing: Thing | undefined, answer: Answer): Promise<void> {
    const made = RESOURCES.find(({ create }) => create === operation)
    const body: Body = answer.body
    if (made && placeholders(made.create).length === 0 && sent.by.startsWith('other')) return
    if (made) {
      const own = { resource: made, ids: { ...thing?.ids, [made.name]: body.data.id } }
      const isInternal = body.data.is_internal === true
      const creator = body.data.created_by?.id
      this.things.push({ ...own, creator, isInternal, isDeleted: false, key: body.data.key })
      expectAsSent(this.world, sent, body.data)
      return this.look(this.things.at(-1) as Thing, body.data, sent.by)
    }
    if (!thing || placeholders(operation).at(-1) !== thing.resource.name) return
    if (operation.method === 'DELETE') thing.isDeleted = true
    if (operation.method === 'PATCH') {
      thing.creator = body.data.created_by?.id
      if (thing.resource.name in LINGERING) thing.isDeleted = LINGERING[thing.resource.name]?.(body.data) ?? false
      expectAsSent(this.world, sent, body.data)
    }
    if (operation.path.endsWith(`{${thing.resource.name}}`)) await this.look(thing, body?.data, sent.by)
  }

  /** Looks at a thing as its account's admin and as that of another account, alone and in its list. */
  private async look(thing: Thing, told: Record<string, unknown> | undefined, by: Actor): Promise<void> {
    const { read, list, name } = thing.resource
    const isThere = this.isThere(thing)
    const linger = LINGERING[name]
    if (read) {
      const path = pathOf(read, thing.ids)
      const { status, body } = await this.send(plain('admin', path))
      expect(status, path).toBe(isThere ? 200 : 404)
      if (isThere && told) expectAlike(told, body.data, roleOf(by) === 'customer')
      if (isThere && linger) expect(linger(body.data)).toBe(thing.isDeleted)
      expect((await this.send(plain('other admin', path))).status).toBe(404)
    }
    if (list) await this.lookInList(list, thing, isThere)
    if (thing.key === undefined) return
    const draft = { ...plain('nobody', '/api/v1/tickets'), headers: { Authorization: `Bearer ${thing.key}` } }
    expect((await this.send(draft)).status, 'with the key itself').toBe(thing.isDeleted ? 401 : 200)
  }

  private async lookInList(list: NamedOperation, thing: Thing, isThere: boolean): Promise<void> {
    const path = pathOf(list, thing.ids)
    const { status, body } = await this.send({ ...plain('admin', path), query: [['per_page', '100']] })
    const isPart = placeholders(list).length > 0
    if (isPart && status === 404) {
      expect(isThere).toBe(false)
      return
    }
    const found = (body.data as { id: string; [key: string]: unknown }[]).find(
      ({ id }) => id === thing.ids[thing.resource.name],
    )
    expect(found !== undefined, `whether ${path} has it`).toBe(isThere)
    const linger = LINGERING[thing.resource.name]
    if (found && linger) expect(linger(found)).toBe(thing.isDeleted)
  }

  /** The same request with the same key gives the same answer, and does nothing. */
  private async sendAgain(sent: Draft, { status, body }: Answer): Promise<void> {
    if (!('Idempotency-Key' in sent.headers) || this.world.hasOwnCaller(sent)) return
    const again = await this.send(sent)
    expect([again.status, again.headers.get('Idempotent-Replayed')], again.text).toEqual([status, 'true'])
    expect(again.body.data?.id).toBe(body.data?.id)
    await this.ledger.expectUnchanged('a repetition')
  }
}

function operationNamed(name: string): NamedOperation {
  const found = OPERATIONS.find((operation) => nameOf(operation) === name)
  if (!found) throw new Error(`no operation ${name}`)
  return found
}

function plain(by: Actor, path: string): Draft {
  return { by, method: 'GET', path, query: [], headers: {}, set: 0 }
}

function pathOf(operation: NamedOperation, ids: Record<string, string>): string {
  return addressOf(operation).replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? '')
}

/** What was sent is what is told, but for the white space around it. */
function expectAsSent(world: World, { json, set }: Draft, told: Record<string, unknown>): void {
  const sent: Record<string, unknown> = JSON.parse(world.resolve(JSON.stringify(json ?? {}), set))
  for (const [name, value] of Object.entries(sent)) {
    const given = told[name]
    if (given === undefined || (typeof value === 'object' && value !== null)) continue
    const plainly = typeof given === 'object' && given !== null ? (given as { id: string }).id : given
    const wanted = typeof value === 'string' ? value.trim() : value
    if (!TIMES.has(name)) expect(typeof plainly === 'string' ? plainly.trim() : plainly, name).toEqual(wanted)
  }
}

/** Told in another form than they are sent in. */
const TIMES = new Set(['expires_at', 'url'])

/**
 * What a change returned is what the admin reads afterwards; `isPartial` where a customer made it, who is not shown the
 * attachments of internal comments.
 */
function expectAlike(returned: Record<string, unknown>, read: Record<string, unknown>, isPartial: boolean): void {
  for (const [name, value] of Object.entries(returned)) {
    const hasMore = isPartial && name === 'attachments' && Array.isArray(value)
    if (name in read) expect(read[name], name).toEqual(hasMore ? expect.arrayContaining(value) : value)
  }
}

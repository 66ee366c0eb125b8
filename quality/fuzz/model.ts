import { expect } from 'vitest'
import type { TestResponse } from '../../test/helpers/api'
import { type NamedOperation, OPERATIONS } from '../../test/helpers/openapi'
import { expectDocumentedResponse } from './check-response'
import type { DatabaseSnapshot } from './database-snapshot'
import type { Fixture } from './fixture'
import { type Actor, fullPath, type GeneratedRequest, nameOf, rejectionStatus, roleOf } from './generated-request'
import { placeholders, RESOURCES, type Resource } from './resources'

interface TrackedResource {
  resource: Resource
  /** Its own ID and those of its parents, by path parameter. */
  ids: Record<string, string>
  creator: string
  isInternal: boolean
  isDeleted: boolean
  /** The API key, which only its creation returns. */
  key: string | undefined
}

export interface Step {
  name: string
  request: GeneratedRequest
  /** Selects among the existing resources. */
  index: number
}

/** Resources that remain visible after their deletion, and how to recognize it. */
const VISIBLE_AFTER_DELETION: Record<string, (data: Record<string, unknown>) => boolean> = {
  user_id: ({ status }) => status === 'inactive',
  key_id: ({ revoked_at }) => revoked_at !== null,
}

// biome-ignore lint/suspicious/noExplicitAny: bodies of every shape, each checked against its schema
type Body = any

/** The expected resources, compared with the responses. */
export class Model {
  private readonly resources: TrackedResource[] = []

  constructor(
    private readonly fixture: Fixture,
    private readonly snapshot: DatabaseSnapshot,
  ) {}

  /** Runs a step, and throws if the response or the stored rows do not follow from the previous steps. */
  async run({ name, request, index }: Step): Promise<void> {
    const operation = operationNamed(name)
    const names = placeholders(operation)
    const tracked = this.pick(names.at(-1), index)
    if (names.length > 0 && !tracked) return
    const sent = { ...request, path: pathOf(operation, tracked?.ids ?? {}) }
    const response = await this.send(sent)
    expectDocumentedResponse(operation, sent, response)
    if (rejectionStatus(operation, sent.actor) === null && tracked) this.expectFound(tracked, sent, response)
    const hasEffect = response.status < 300 && operation.method !== 'GET'
    if (!hasEffect) {
      await this.snapshot.expectUnchanged(`a ${response.status}`)
      return
    }
    await this.snapshot.update()
    await this.track(operation, sent, tracked, response)
    await this.verifyReplay(sent, response)
  }

  /** Deletes all remaining resources, the newest first. */
  async clear(): Promise<void> {
    for (const tracked of this.resources.toReversed()) {
      const { remove, name } = tracked.resource
      const index = this.resources.filter(({ resource }) => resource.name === name).indexOf(tracked)
      if (!remove || tracked.isDeleted || !this.exists(tracked)) continue
      await this.run({ name: nameOf(remove), request: { ...getRequest('admin', ''), method: 'DELETE' }, index })
      expect(tracked.isDeleted, `${nameOf(remove)} deletes`).toBe(true)
    }
  }

  private async send(request: GeneratedRequest): Promise<TestResponse> {
    return this.fixture.send(request, () => this.snapshot.update())
  }

  private pick(name: string | undefined, index: number): TrackedResource | undefined {
    const all = this.resources.filter(({ resource }) => resource.name === name)
    return all[index % Math.max(1, all.length)]
  }

  private expectFound(
    tracked: TrackedResource,
    { actor, method, headers, query }: GeneratedRequest,
    { status, text }: TestResponse,
  ): void {
    if (!this.exists(tracked) || !this.isVisible(tracked, actor)) expect([400, 403, 404], text).toContain(status)
    else if (method === 'GET' && query.length === 0 && !('If-None-Match' in headers)) expect(status, text).toBe(200)
    else expect(status, text).not.toBe(404)
  }

  private exists(tracked: TrackedResource): boolean {
    const owners = this.resources.filter(({ resource, ids }) => tracked.ids[resource.name] === ids[resource.name])
    return !owners.some(({ isDeleted, resource }) => isDeleted && !(resource.name in VISIBLE_AFTER_DELETION))
  }

  private isVisible(tracked: TrackedResource, actor: Actor): boolean {
    if (actor.startsWith('other')) return false
    if (roleOf(actor) !== 'customer') return true
    const ticket = this.resources.find(
      ({ resource, ids }) => resource.name === 'ticket_id' && ids.ticket_id === tracked.ids.ticket_id,
    )
    return ticket?.creator === this.fixture.memberOf(actor) && !tracked.isInternal
  }

  private async track(
    operation: NamedOperation,
    sent: GeneratedRequest,
    tracked: TrackedResource | undefined,
    response: TestResponse,
  ): Promise<void> {
    const created = RESOURCES.find(({ create }) => create === operation)
    const body: Body = response.body
    if (created && placeholders(created.create).length === 0 && sent.actor.startsWith('other')) return
    if (created) {
      const own = { resource: created, ids: { ...tracked?.ids, [created.name]: body.data.id } }
      const isInternal = body.data.is_internal === true
      const creator = body.data.created_by?.id
      this.resources.push({ ...own, creator, isInternal, isDeleted: false, key: body.data.key })
      expectAsSent(this.fixture, sent, body.data)
      return this.verify(this.resources.at(-1) as TrackedResource, body.data, sent.actor)
    }
    if (!tracked || placeholders(operation).at(-1) !== tracked.resource.name) return
    if (operation.method === 'DELETE') tracked.isDeleted = true
    if (operation.method === 'PATCH') {
      tracked.creator = body.data.created_by?.id
      if (tracked.resource.name in VISIBLE_AFTER_DELETION)
        tracked.isDeleted = VISIBLE_AFTER_DELETION[tracked.resource.name]?.(body.data) ?? false
      expectAsSent(this.fixture, sent, body.data)
    }
    if (operation.path.endsWith(`{${tracked.resource.name}}`)) await this.verify(tracked, body?.data, sent.actor)
  }

  private async verify(
    tracked: TrackedResource,
    returned: Record<string, unknown> | undefined,
    actor: Actor,
  ): Promise<void> {
    const { read, list, name } = tracked.resource
    const exists = this.exists(tracked)
    const isMarkedDeleted = VISIBLE_AFTER_DELETION[name]
    if (read) {
      const path = pathOf(read, tracked.ids)
      const { status, body } = await this.send(getRequest('admin', path))
      expect(status, path).toBe(exists ? 200 : 404)
      if (exists && returned) expectSameFields(returned, body.data, roleOf(actor) === 'customer')
      if (exists && isMarkedDeleted) expect(isMarkedDeleted(body.data)).toBe(tracked.isDeleted)
      expect((await this.send(getRequest('other admin', path))).status).toBe(404)
    }
    if (list) await this.verifyInList(list, tracked, exists)
    if (tracked.key === undefined) return
    const request = {
      ...getRequest('anonymous', '/api/v1/tickets'),
      headers: { Authorization: `Bearer ${tracked.key}` },
    }
    expect((await this.send(request)).status, 'with the key itself').toBe(tracked.isDeleted ? 401 : 200)
  }

  private async verifyInList(list: NamedOperation, tracked: TrackedResource, exists: boolean): Promise<void> {
    const path = pathOf(list, tracked.ids)
    const { status, body } = await this.send({ ...getRequest('admin', path), query: [['per_page', '100']] })
    const isChild = placeholders(list).length > 0
    if (isChild && status === 404) {
      expect(exists).toBe(false)
      return
    }
    const found = (body.data as { id: string; [key: string]: unknown }[]).find(
      ({ id }) => id === tracked.ids[tracked.resource.name],
    )
    expect(found !== undefined, `whether ${path} has it`).toBe(exists)
    const isMarkedDeleted = VISIBLE_AFTER_DELETION[tracked.resource.name]
    if (found && isMarkedDeleted) expect(isMarkedDeleted(found)).toBe(tracked.isDeleted)
  }

  private async verifyReplay(sent: GeneratedRequest, { status, body }: TestResponse): Promise<void> {
    if (!('Idempotency-Key' in sent.headers) || this.fixture.createsCaller(sent)) return
    const replay = await this.send(sent)
    expect([replay.status, replay.headers.get('Idempotent-Replayed')], replay.text).toEqual([status, 'true'])
    expect(replay.body.data?.id).toBe(body.data?.id)
    await this.snapshot.expectUnchanged('a repetition')
  }
}

function operationNamed(name: string): NamedOperation {
  const found = OPERATIONS.find((operation) => nameOf(operation) === name)
  if (!found) throw new Error(`no operation ${name}`)
  return found
}

function getRequest(actor: Actor, path: string): GeneratedRequest {
  return { actor, method: 'GET', path, query: [], headers: {}, set: 0 }
}

function pathOf(operation: NamedOperation, ids: Record<string, string>): string {
  return fullPath(operation).replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? '')
}

function expectAsSent(fixture: Fixture, { json, set }: GeneratedRequest, returned: Record<string, unknown>): void {
  const sent: Record<string, unknown> = JSON.parse(fixture.resolve(JSON.stringify(json ?? {}), set))
  for (const [name, value] of Object.entries(sent)) {
    const returnedValue = returned[name]
    if (returnedValue === undefined || (typeof value === 'object' && value !== null)) continue
    const actual =
      typeof returnedValue === 'object' && returnedValue !== null ? (returnedValue as { id: string }).id : returnedValue
    const expected = typeof value === 'string' ? value.trim() : value
    if (!CONVERTED_FIELDS.has(name)) expect(typeof actual === 'string' ? actual.trim() : actual, name).toEqual(expected)
  }
}

/** Returned in another form than they are sent in. */
const CONVERTED_FIELDS = new Set(['expires_at', 'url'])

/** `isPartial`: a customer's response lacks the attachments of internal comments. */
function expectSameFields(returned: Record<string, unknown>, read: Record<string, unknown>, isPartial: boolean): void {
  for (const [name, value] of Object.entries(returned)) {
    const hasMore = isPartial && name === 'attachments' && Array.isArray(value)
    if (name in read) expect(read[name], name).toEqual(hasMore ? expect.arrayContaining(value) : value)
  }
}

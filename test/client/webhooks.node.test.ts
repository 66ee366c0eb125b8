import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { verifyWebhook, WebhookVerificationError } from '../../packages/client/src/index.ts'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const OTHER_SECRET = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'
const NOW = Date.UTC(2026, 4, 1)
const EVENT = { id: 'evt_1', sequence: 7, event: 'user.created', timestamp: '2026-05-01T00:00:00Z', data: { é: '😀' } }
const BODY = JSON.stringify(EVENT)

function signed({ secret = SECRET, at = NOW, body = BODY, id = 'evt_1' } = {}): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(at / 1_000),
    'webhook-signature': new Webhook(secret).sign(id, new Date(at), body),
  }
}

function verify(headers: Parameters<typeof verifyWebhook>[1], body: string | Uint8Array = BODY, secret = SECRET) {
  return verifyWebhook(secret, headers, body, { now: NOW })
}

describe('a delivery', () => {
  it('returns the event if the secret has signed it', async () => {
    expect(await verify(signed())).toEqual(EVENT)
    expect(await verify(new Headers(signed()))).toEqual(EVENT)
    expect(await verify(signed(), new TextEncoder().encode(BODY))).toEqual(EVENT)
  })

  it('has its headers in any case, and repeated ones in the form of Node', async () => {
    const { 'webhook-id': id = '', ...others } = signed()
    expect(await verify({ 'Webhook-Id': [id], ...others })).toEqual(EVENT)
  })

  it('is valid if one of several signatures is, among unknown versions', async () => {
    const mine = signed()['webhook-signature']
    const other = signed({ secret: OTHER_SECRET })['webhook-signature']
    for (const signatures of [`${other} ${mine}`, `v1a,x ${mine}`, `v1,% ${mine}`])
      expect(await verify({ ...signed(), 'webhook-signature': signatures })).toEqual(EVENT)
  })

  it('is valid if one of several secrets has signed it', async () => {
    expect(await verifyWebhook([OTHER_SECRET, SECRET], signed(), BODY, { now: NOW })).toEqual(EVENT)
  })

  it.each<[string, Record<string, string | undefined>, string?]>([
    ['another secret', signed({ secret: OTHER_SECRET })],
    ['another body', signed(), `${BODY} `],
    ['another ID', { ...signed(), 'webhook-id': 'evt_2' }],
    ['another time', { ...signed(), 'webhook-timestamp': String(NOW / 1_000 + 1) }],
    ['another version', { ...signed(), 'webhook-signature': signed()['webhook-signature']?.replace('v1,', 'v2,') }],
    ['an empty signature', { ...signed(), 'webhook-signature': 'v1,' }],
    ['no signature', { ...signed(), 'webhook-signature': undefined }],
    ['no ID', { ...signed(), 'webhook-id': undefined }],
    ['a time that is not a number', { ...signed(), 'webhook-timestamp': 'soon' }],
    ['an old time', signed({ at: NOW - 301_000 })],
    ['a time in the future', signed({ at: NOW + 301_000 })],
  ])('with %s is rejected', async (_, headers, body = BODY) => {
    await expect(verify(headers, body)).rejects.toBeInstanceOf(WebhookVerificationError)
  })

  it.each([NOW - 300_000, NOW + 300_000])('is accepted with a clock difference of five minutes', async (at) => {
    expect(await verify(signed({ at }))).toEqual(EVENT)
  })

  it('is rejected if it is not JSON', async () => {
    await expect(verify(signed({ body: 'hello' }), 'hello')).rejects.toBeInstanceOf(WebhookVerificationError)
  })

  it.each(['', 'whsec_', 'whsec_%%%', 'sk_live_1'])('is not verified with %j as a secret', async (secret) => {
    await expect(verify(signed(), BODY, secret)).rejects.toBeInstanceOf(TypeError)
  })
})

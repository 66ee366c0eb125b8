import { z } from 'zod'
import { openApi } from '../../test/helpers/node/api.ts'

export const ROLES = ['admin', 'agent', 'customer'] as const
export type Role = (typeof ROLES)[number]

export interface Callers {
  id: string
  fileUrl: string
  /** Logins of both callers, in the format of Web Fuzzing Commons: https://github.com/WebFuzzing/Commons. */
  logins: string
}

/** Users of the demo data. The examples of the OpenAPI document name their resources. */
const USERS: Record<Role, { id: string; email: string }> = {
  admin: { id: 'user789', email: 'john@example.com' },
  agent: { id: 'user123', email: 'user@example.com' },
  customer: { id: 'user456', email: 'jane@example.com' },
}
const STRANGER = 'stranger@example.com'
const DEMO_PASSWORD = 'your_password'
/** No example of the OpenAPI document contains it, so none of them keeps it unchanged by accident. */
const PASSWORD = 'nobody guesses this one'

const Login = z.object({ token: z.string() })
const Attachment = z.object({ data: z.object({ url: z.url() }) })

/**
 * Returns logins of two users of a role who cannot access each other's resources: two customers of one account, or
 * members of two accounts. The first is a user of the demo data with another password.
 */
export async function createCallers(origin: string, role: Role): Promise<Callers> {
  const admin = await signIn(origin, USERS.admin.email)
  const strangerAdmin = role === 'customer' ? admin : await signIn(origin, 'ada@globex.example')
  await strangerAdmin.post('/users', { name: 'A Stranger', email: STRANGER, role, password: PASSWORD })
  const { data } = Attachment.parse(await admin.get('/attachments/attach123'))
  const { id, email } = USERS[role]
  const changed = await admin.send('POST', `/users/${id}/password`, { password: PASSWORD })
  if (changed.status !== 204) throw new Error(`the password of ${email} could not be set: ${changed.text}`)
  return {
    id,
    fileUrl: data.url,
    logins: JSON.stringify({
      auth: [login('caller', email, 'acme'), login('stranger', STRANGER, role === 'customer' ? 'acme' : 'globex')],
    }),
  }
}

async function signIn(origin: string, email: string) {
  const { token } = Login.parse(await openApi(origin, ['']).post('/auth/login', { email, password: DEMO_PASSWORD }))
  return openApi(origin, [token])
}

/** Needs the account, because schemathesis creates accounts with users of the same email. */
function login(name: string, email: string, account: string) {
  return {
    name,
    loginEndpointAuth: {
      endpoint: '/api/v1/auth/login',
      verb: 'POST',
      contentType: 'application/json',
      // Failed logins are counted per IP address; this one has none.
      headers: [{ name: 'CF-Connecting-IP', value: '192.0.2.1' }],
      payloadRaw: JSON.stringify({ email, password: PASSWORD, account }),
      token: {
        extractFrom: 'body',
        extractSelector: '/token',
        sendIn: 'header',
        sendName: 'Authorization',
        sendTemplate: 'Bearer {token}',
      },
    },
  }
}

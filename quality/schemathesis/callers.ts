import { z } from 'zod'
import { openApi } from '../../test/helpers/node/api.ts'

export const ROLES = ['admin', 'agent', 'customer'] as const
export type Role = (typeof ROLES)[number]

export interface Callers {
  /** The ID of the user that schemathesis acts as. */
  id: string
  /** The signed URL of a file of the demo data. */
  fileUrl: string
  /** How both of them log in, in the form of Web Fuzzing Commons: https://github.com/WebFuzzing/Commons. */
  logins: string
}

/** Of the demo data: what the examples of the document name is theirs. */
const USERS: Record<Role, { id: string; email: string }> = {
  admin: { id: 'user789', email: 'john@example.com' },
  agent: { id: 'user123', email: 'user@example.com' },
  customer: { id: 'user456', email: 'jane@example.com' },
}
const STRANGER = 'stranger@example.com'
const DEMO_PASSWORD = 'your_password'
/** One that no example of the document has, so that none of them changes it. */
const PASSWORD = 'nobody guesses this one'

const Login = z.object({ token: z.string() })
const Attachment = z.object({ data: z.object({ url: z.url() }) })

/**
 * Makes two users of a role who may not see each other's things: two customers of an account, or members of two. The first
 * is one of the demo data, with another password.
 */
export async function makeCallers(origin: string, role: Role): Promise<Callers> {
  const admin = await signIn(origin, USERS.admin.email)
  const elsewhere = role === 'customer' ? admin : await signIn(origin, 'ada@globex.example')
  await elsewhere.post('/users', { name: 'A Stranger', email: STRANGER, role, password: PASSWORD })
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

/** With its account, for others are made whose people have the same e-mail. */
function login(name: string, email: string, account: string) {
  return {
    name,
    loginEndpointAuth: {
      endpoint: '/api/v1/auth/login',
      verb: 'POST',
      contentType: 'application/json',
      // From where nothing fails: the failures of an address are counted, and its logins then refused.
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

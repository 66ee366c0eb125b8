/** The shapes of people, accounts and API keys. The names are the wire's own; times are RFC 3339 in UTC. */

export type Role = 'admin' | 'agent' | 'customer'
export type UserStatus = 'active' | 'inactive'

export interface User {
  id: string
  name: string
  email: string
  role: Role
  status: UserStatus
  created_at: string
  last_login_at: string | null
}

export interface UserFilters {
  role?: Role
  status?: UserStatus
  /** Exactly this e-mail. */
  email?: string
  /** Text in the name or the e-mail. */
  q?: string
}

export interface CreateUser {
  name: string
  email: string
  /** `customer` unless told. */
  role?: Role
  /** Without one they can not log in until one is set. */
  password?: string
}

export interface UpdateUser {
  name?: string
  email?: string
  role?: Role
  status?: UserStatus
  /** Needed to change your own e-mail. */
  current_password?: string
}

export interface ChangePassword {
  current_password: string
  new_password: string
}

/** What a login is answered. */
export interface Login {
  token: string
  expires_at: string
  user: { id: string; name: string; email: string; role: Role }
}

export interface Register {
  /** The slug of the account. */
  account: string
  name: string
  email: string
  password: string
}

export interface CreateAccount {
  account_name: string
  name: string
  email: string
  password: string
}

export interface Account {
  id: string
  name: string
  slug: string
  plan: 'standard' | 'premium'
  /** Whether anybody may register as a customer. */
  allow_registration: boolean
  created_at: string
}

export interface UpdateAccount {
  name?: string
  allow_registration?: boolean
}

export type ApiKeyRole = 'agent' | 'admin'

export interface ApiKey {
  id: string
  name: string
  last_four: string
  role: ApiKeyRole
  created_at: string
  /** To the hour. */
  last_used_at: string | null
  expires_at: string | null
  revoked_at: string | null
}

export interface ApiKeyWithSecret extends ApiKey {
  /** Shown here and never again. */
  key: string
}

export interface CreateApiKey {
  name: string
  /** `agent` unless told. */
  role?: ApiKeyRole
  expires_at?: string
}

/** Types of users, accounts and API keys. Names are those of the API; times are RFC 3339 in UTC. */

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
  /** False if the user entered the email: by registering or by changing it. */
  email_verified: boolean
}

export interface UserFilters {
  role?: Role
  status?: UserStatus
  /** Exact match. */
  email?: string
  /** Text in the name or the email. */
  q?: string
}

export interface CreateUser {
  name: string
  email: string
  /** `customer` by default. */
  role?: Role
  /** Without a password, the user cannot log in until one is set. */
  password?: string
}

export interface UpdateUser {
  name?: string
  email?: string
  role?: Role
  status?: UserStatus
  /** Required to change your own email. */
  current_password?: string
}

export interface ChangePassword {
  current_password: string
  new_password: string
}

/** The response to a login. */
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
  /** Whether new customers may register. */
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
  /** Precise to the hour. */
  last_used_at: string | null
  expires_at: string | null
  revoked_at: string | null
}

export interface ApiKeyWithSecret extends ApiKey {
  /** Only returned here. */
  key: string
}

export interface CreateApiKey {
  name: string
  /** `agent` by default. */
  role?: ApiKeyRole
  expires_at?: string
}

import { type Fixture, PASSWORD } from '../fixture'
import { cursorReads, pathOf, reads, write } from '../operation-kinds'
import type { Operation } from '../sender'
import { customer, userPath } from './paths'

export const USERS: Operation[] = [
  ...reads('listUsers', ['agent'], 'users', ['', '?role=customer', '?status=active', '?q=agent', '?page=2&per_page=1']),
  ...reads('listUsers', ['agent'], 'users', [(w) => `?q=${w.account.customer.email}`]),
  ...cursorReads('listUsers', ['agent'], 'users'),
  ...reads('getMe', ['customer'], 'users/me'),
  ...reads('getUser', ['agent', 'customer'], customer),
  ...reads(
    'getUser',
    ['agent'],
    userPath(({ resources }) => resources.other),
  ),
  write('createUser', 'admin', 'POST', 'users', { name: 'New', email: 'new@example.com', role: 'agent' }),
  write('updateUser', 'admin', 'PATCH', customer, { name: 'New', email: 'moved@example.com', role: 'agent' }),
  write(
    'updateUser',
    'admin',
    'PATCH',
    userPath(({ resources }) => resources.inactive),
    { status: 'active' },
  ),
  write(
    'updateUser',
    'admin',
    'PATCH',
    userPath(({ resources }) => resources.other),
    { email: 'moved@example.com' },
  ),
  write('updateMe', 'customer', 'PATCH', 'users/me', {
    name: 'New',
    email: 'moved@example.com',
    current_password: PASSWORD,
  }),
  write('deactivateUser', 'admin', 'DELETE', customer),
  write('setPassword', 'admin', 'POST', (w) => `${pathOf(customer, w)}/password`, { password: 'a new password' }),
  write('setPassword', 'admin', 'POST', ({ resources }) => `users/${resources.other.id}/password`, {
    password: 'a new password',
  }),
  write('changePassword', 'customer', 'POST', 'auth/password', {
    current_password: PASSWORD,
    new_password: 'a new password',
  }),
  write('logout', 'customer', 'POST', 'auth/logout'),
  write('login', 'anonymous', 'POST', 'auth/login', ({ account }: Fixture) => ({
    email: account.customer.email,
    password: PASSWORD,
    account: account.slug,
  })),
  write('login', 'anonymous', 'POST', 'auth/login', ({ account, resources }: Fixture) => ({
    email: resources.other.email,
    password: PASSWORD,
    account: account.slug,
  })),
  write('register', 'anonymous', 'POST', 'auth/register', ({ account }: Fixture) => ({
    name: 'New',
    email: 'joins@example.com',
    password: 'a new password',
    account: account.slug,
  })),
  write('createAccount', 'anonymous', 'POST', 'accounts', {
    account_name: 'New',
    name: 'New',
    email: 'first@example.com',
    password: 'a new password',
  }),
  ...reads('getAccount', ['admin'], 'account'),
  write('updateAccount', 'admin', 'PATCH', 'account', { name: 'Renamed' }),
]

import { PASSWORD, type World } from '../fixture'
import { pathOf, reads, walks, write } from '../operation-kinds'
import type { Deed } from '../sender'
import { customer, userPath } from './paths'

/** What is done with people, their credentials and the account itself. */
export const PEOPLE: Deed[] = [
  ...reads('listUsers', ['agent'], 'users', ['', '?role=customer', '?status=active', '?q=agent', '?page=2&per_page=1']),
  ...reads('listUsers', ['agent'], 'users', [(w) => `?q=${w.account.customer.email}`]),
  ...walks('listUsers', ['agent'], 'users'),
  ...reads('getMe', ['customer'], 'users/me'),
  ...reads('getUser', ['agent', 'customer'], customer),
  ...reads(
    'getUser',
    ['agent'],
    userPath(({ things }) => things.other),
  ),
  write('createUser', 'admin', 'POST', 'users', { name: 'New', email: 'new@example.com', role: 'agent' }),
  write('updateUser', 'admin', 'PATCH', customer, { name: 'New', email: 'moved@example.com', role: 'agent' }),
  write(
    'updateUser',
    'admin',
    'PATCH',
    userPath(({ things }) => things.gone),
    { status: 'active' },
  ),
  write(
    'updateUser',
    'admin',
    'PATCH',
    userPath(({ things }) => things.other),
    { email: 'moved@example.com' },
  ),
  write('updateMe', 'customer', 'PATCH', 'users/me', {
    name: 'New',
    email: 'moved@example.com',
    current_password: PASSWORD,
  }),
  write('deactivateUser', 'admin', 'DELETE', customer),
  write('setPassword', 'admin', 'POST', (w) => `${pathOf(customer, w)}/password`, { password: 'a new password' }),
  write('setPassword', 'admin', 'POST', ({ things }) => `users/${things.other.id}/password`, {
    password: 'a new password',
  }),
  write('changePassword', 'customer', 'POST', 'auth/password', {
    current_password: PASSWORD,
    new_password: 'a new password',
  }),
  write('logout', 'customer', 'POST', 'auth/logout'),
  write('login', 'nobody', 'POST', 'auth/login', ({ account }: World) => ({
    email: account.customer.email,
    password: PASSWORD,
    account: account.slug,
  })),
  write('login', 'nobody', 'POST', 'auth/login', ({ account, things }: World) => ({
    email: things.other.email,
    password: PASSWORD,
    account: account.slug,
  })),
  write('register', 'nobody', 'POST', 'auth/register', ({ account }: World) => ({
    name: 'New',
    email: 'joins@example.com',
    password: 'a new password',
    account: account.slug,
  })),
  write('createAccount', 'nobody', 'POST', 'accounts', {
    account_name: 'New',
    name: 'New',
    email: 'first@example.com',
    password: 'a new password',
  }),
  ...reads('getAccount', ['admin'], 'account'),
  write('updateAccount', 'admin', 'PATCH', 'account', { name: 'Renamed' }),
]

import { describe, expect, it } from 'vitest'
import {
  ADMINS,
  allowedFromStatuses,
  deletesEveryComment,
  EVERYONE,
  forbiddenCreateFields,
  forbiddenUpdateFields,
  managesUsers,
  ROLES,
  type Role,
  readsUsers,
  rolesAtLeast,
  STAFF,
  seesAllTickets,
  seesInternal,
} from '../../src/core/policy'

const FIELDS = [
  ...['title', 'description', 'priority', 'tags', 'add_tags', 'remove_tags', 'custom_fields', 'attachments', 'status'],
  ...['assigned_to', 'created_by'],
]
const TICKET_STATUSES = ['open', 'in_progress', 'resolved', 'closed']

function roles(may: (role: Role) => boolean): Role[] {
  return ROLES.filter(may)
}

describe('the policy', () => {
  it('has three roles', () => {
    expect(ROLES).toEqual(['admin', 'agent', 'customer'])
    expect([EVERYONE, STAFF, ADMINS]).toEqual([ROLES, ['admin', 'agent'], ['admin']])
  })

  it('orders roles by power', () => {
    expect(ROLES.map(rolesAtLeast)).toEqual([['admin'], ['admin', 'agent'], ['admin', 'agent', 'customer']])
  })

  it.each([
    ['see all tickets', seesAllTickets],
    ['see internal comments', seesInternal],
    ['read other users', readsUsers],
  ])('lets staff %s', (_, may) => {
    expect(roles(may)).toEqual(STAFF)
  })

  it.each([
    ["delete other users' comments", deletesEveryComment],
    ['manage users', managesUsers],
  ])('lets admins %s', (_, may) => {
    expect(roles(may)).toEqual(ADMINS)
  })

  it.each(STAFF)('lets %s set and change every field', (role) => {
    expect(forbiddenCreateFields(role, FIELDS)).toEqual([])
    expect(forbiddenUpdateFields(role, FIELDS)).toEqual([])
  })

  it('names the fields that customers may not set or change', () => {
    expect(forbiddenCreateFields('customer', FIELDS)).toEqual([
      'add_tags',
      'remove_tags',
      'status',
      'assigned_to',
      'created_by',
    ])
    expect(forbiddenUpdateFields('customer', FIELDS)).toEqual(['priority', 'attachments', 'assigned_to', 'created_by'])
  })

  it.each(STAFF)('lets %s move a ticket from any status to any', (role) => {
    expect(TICKET_STATUSES.map((status) => allowedFromStatuses(role, status))).toEqual([null, null, null, null])
  })

  it('lets customers close a ticket, and open it again', () => {
    expect(TICKET_STATUSES.map((status) => allowedFromStatuses('customer', status))).toEqual([
      ['resolved', 'closed'],
      [],
      [],
      null,
    ])
  })
})

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import { of } from '../mutation.ts'

/** What a role may do, beside the guards of the routes. */
export const RIGHTS = [
  ...of(
    'roles.ts',
    ['tickets/get', 'access/roles'],
    [
      [
        'seesAllTickets(role: Role): boolean {\n  return STAFF.includes(role)',
        'seesAllTickets(_role: Role): boolean {\n  return true',
      ],
    ],
  ),
  ...of(
    'roles.ts',
    ['comments/internal', 'comments/list'],
    [
      [
        'seesInternal(role: Role): boolean {\n  return STAFF.includes(role)',
        'seesInternal(_role: Role): boolean {\n  return true',
      ],
    ],
  ),
  ...of(
    'roles.ts',
    ['comments/delete'],
    [
      [
        "deletesEveryComment(role: Role): boolean {\n  return role === 'admin'",
        'deletesEveryComment(_role: Role): boolean {\n  return true',
      ],
    ],
  ),
  ...of(
    'roles.ts',
    ['tickets/create-rights'],
    [
      [
        'return STAFF.includes(role) ? [] : fields.filter((field) => !CREATE_FIELDS_OF_CUSTOMERS.has(field))',
        'return role && fields ? [] : []',
      ],
      [
        "new Set(['title', 'description', 'priority', 'tags', 'custom_fields', 'attachments'])",
        "new Set(['title', 'description', 'priority', 'tags', 'custom_fields', 'attachments', 'status'])",
      ],
      [
        "const CREATE_FIELDS_OF_CUSTOMERS = new Set(['title'",
        "const CREATE_FIELDS_OF_CUSTOMERS = new Set(['created_by', 'title'",
      ],
      ['const CREATE_FIELDS_OF_CUSTOMERS = new Set([', "const CREATE_FIELDS_OF_CUSTOMERS = new Set(['assigned_to', "],
    ],
  ),
  ...of(
    'roles.ts',
    ['tickets/update-rights'],
    [
      [
        'return STAFF.includes(role) ? [] : fields.filter((field) => !CHANGE_FIELDS_OF_CUSTOMERS.has(field))',
        'return role && fields ? [] : []',
      ],
      ['const CHANGE_FIELDS_OF_CUSTOMERS = new Set([', "const CHANGE_FIELDS_OF_CUSTOMERS = new Set(['priority',"],
      ["'custom_fields',\n  'status',", "'custom_fields',\n  'status',\n  'assigned_to',"],
      ["'custom_fields',\n  'status',\n]", "'custom_fields',\n  'status',\n  'created_by',\n]"],
      ["if (STAFF.includes(role) || target === 'closed') return null", 'if (role) return null'],
      [
        "return target === 'open' ? ['resolved', 'closed'] : []",
        "return target === 'open' ? ['resolved', 'closed', 'in_progress'] : []",
      ],
    ],
  ),
  ...of(
    'roles.ts',
    ['users/get', 'users/update-rights'],
    [
      [
        'readsUsers(role: Role): boolean {\n  return STAFF.includes(role)',
        'readsUsers(_role: Role): boolean {\n  return true',
      ],
    ],
  ),
  ...of(
    'roles.ts',
    ['users/update-rights'],
    [
      [
        "managesUsers(role: Role): boolean {\n  return role === 'admin'",
        'managesUsers(_role: Role): boolean {\n  return true',
      ],
    ],
  ),
  ...of(
    'users/service.ts',
    ['users/update-rights', 'users/update'],
    [
      ['if (!isSelf && !managesUsers(caller.role)) throw', 'if (!isSelf && !caller.role) throw'],
      ['if (refused.length > 0) throw fieldsRefused', 'if (refused.length > 9) throw fieldsRefused'],
      ["const isSelf = caller.kind === 'person' && caller.id === id", 'const isSelf = caller.id !== id'],
      [
        'if (isSelf && input.email !== undefined) await checkOwnPassword(ctx, input.current_password)',
        'if (isSelf && input.email !== undefined) await Promise.resolve()',
      ],
    ],
  ),
  ...of(
    'comments/service.ts',
    ['comments/internal', 'comments/create'],
    [['if (isInternal && !seesInternal(caller.role))', 'if (isInternal && !caller.role)']],
  ),
  ...of(
    'comments/service.ts',
    ['comments/delete'],
    [
      ['const own = deletesEveryComment(caller.role) ? {}', 'const own = caller.role ? {}'],
      ['if (left) throw notTheAuthor()', ''],
    ],
  ),
  ...of(
    'tickets/service.ts',
    ['tickets/create-rights'],
    [['refuseFields(refusedOnCreate(caller.role, Object.keys(input)))', '']],
  ),
  ...of(
    'tickets/service.ts',
    ['tickets/update-rights'],
    [
      ['refuseFields(refusedOnChange(caller.role, Object.keys(input)))', ''],
      [
        'const before = input.status === undefined ? null : statusesBefore(caller.role, input.status)',
        'const before = null',
      ],
    ],
  ),
  ...of(
    'rate-limiting/middleware.ts',
    ['access/roles'],
    [
      [' && admits.roles.includes(role)', ' && role.length > 0'],
      ["(admits.apiKeys || kind === 'person')", '(admits.apiKeys || kind.length > 0)'],
      [
        'claimed && READS.has(c.req.method) && lets(claimed) ? claimed : await admission',
        'claimed ? claimed : await admission',
      ],
      ['if (!lets(caller)) throw', 'if (!caller) throw'],

      [
        '  await countAddress(c)\n  throw unauthorized()\n}\n\nfunction identifyRequest',
        '  await countAddress(c)\n  throw unavailable()\n}\n\nfunction identifyRequest',
      ],
    ],
  ),
  ...of(
    'http/route.ts',
    ['rate-limiting/revocation'],
    [['const caller = await admission\n', 'const caller = claimed\n']],
  ),
  ...of(
    'db/references.ts',
    ['api-keys/member', 'tickets/create-rights', 'tickets/update-rights'],
    [
      [
        "AND id = ${id} AND kind = 'person')`\n}\n\n/** Whether the ID is of an active",
        'AND id = ${id})`\n}\n\n/** Whether the ID is of an active',
      ],
      ["AND kind = 'person' AND status = 'active' AND role IN", "AND kind = 'person' AND role IN"],
      ["AND status = 'active' AND role IN ('admin', 'agent'))`", "AND status = 'active')`"],
    ],
  ),
]

import { type Mutation, of } from '../mutation.ts'

const inMigration = (file: string, tests: string[], changes: [text: string, becomes: string][]): Mutation[] =>
  of('', tests, changes).map((mutation) => ({ ...mutation, file: `migrations/${file}` }))

/** What an assignee must be, as a trigger ends with it, and what of that is taken away. */
const withoutParts = (id: string, indent: string, end: string): [text: string, becomes: string][] => {
  const account = '`account_id` = new.`account_id` AND '
  const [kind, status, role] = ["`kind` = 'person' AND ", "`status` = 'active' AND ", "`role` IN ('admin', 'agent')"]
  const text = `${account}${id}${indent}AND ${kind}${status}${role}${end}`
  return [account, kind, status, role].map((part) => [text, text.replace(part, part === role ? 'true' : '')])
}

/** The rules that hold in the database itself, under any concurrency. */
export const TRIGGERS = [
  ...inMigration(
    '0001_triggers.sql',
    ['tickets/create-rights', 'tickets/create'],
    [
      ...withoutParts('`id` = new.`assigned_to`', '\n\t\t\t\t', '))'),
      [
        '\n\t\tOR NOT EXISTS (SELECT 1 FROM `users` WHERE `account_id` = new.`account_id` AND `id` = new.`created_by`);',
        ';',
      ],
    ],
  ),
  ...inMigration(
    '0001_triggers.sql',
    ['tickets/update-rights', 'tickets/update'],
    [
      ...withoutParts('`id` = new.`assigned_to`', '\n\t\t\t', ');'),
      [
        "`account_id` = new.`account_id` AND `id` = new.`created_by` AND `kind` = 'person')",
        "`id` = new.`created_by` AND `kind` = 'person')",
      ],
      ["`id` = new.`created_by` AND `kind` = 'person')", '`id` = new.`created_by`)'],
    ],
  ),
  ...inMigration(
    '0001_triggers.sql',
    ['tickets/tag-rights', 'tickets/update'],
    [
      ['json_array_length(new.`tags`) > 20', 'false'],
      ['WHERE (SELECT count(*) FROM json_each(new.`custom_fields`)) > 50', 'WHERE false'],
    ],
  ),
  ...inMigration(
    '0001_triggers.sql',
    ['attachments/quota'],
    [['WHEN new.`public_attachments` + new.`internal_attachments` > 500', 'WHEN false']],
  ),
  ...inMigration(
    '0002_credentials.sql',
    ['rate-limiting/revocation', 'users/deactivate', 'users/update-rights'],
    [
      [
        "SELECT RAISE(ABORT, 'refused:last_admin')\n\tWHERE",
        "SELECT RAISE(ABORT, 'refused:last_admin')\n\tWHERE false AND",
      ],
      ['WHERE `account_id` = old.`account_id` AND `id` <> old.`id`', 'WHERE `id` <> old.`id`'],
      [
        "\n\t\t\tAND `kind` = 'person' AND `role` = 'admin' AND `status` = 'active')",
        "\n\t\t\tAND `role` = 'admin' AND `status` = 'active')",
      ],
      [
        "\n\t\t\tAND `kind` = 'person' AND `role` = 'admin' AND `status` = 'active')",
        "\n\t\t\tAND `kind` = 'person' AND `status` = 'active')",
      ],
      [
        "\n\t\t\tAND `kind` = 'person' AND `role` = 'admin' AND `status` = 'active')",
        "\n\t\t\tAND `kind` = 'person' AND `role` = 'admin')",
      ],
    ],
  ),
  ...inMigration(
    '0007_attachments.sql',
    ['attachments/quota'],
    [
      ["SELECT RAISE(ABORT, 'refused:storage')\n", 'SELECT 1\n'],
      ['WHERE s.`account_id` = new.`account_id`\n\t\tAND', 'WHERE'],
    ],
  ),
  ...inMigration(
    '0008_idempotency.sql',
    ['idempotency/replay', 'idempotency/scope'],
    [["SELECT RAISE(ABORT, 'refused:replay')", 'SELECT 1']],
  ),
  ...inMigration(
    '0008_idempotency.sql',
    ['tickets/preconditions'],
    [["SELECT RAISE(ABORT, 'refused:precondition')", 'SELECT 1']],
  ),
  ...inMigration(
    '0008_idempotency.sql',
    ['tickets/update-rights'],
    [["SELECT RAISE(ABORT, 'refused:status')", 'SELECT 1']],
  ),
]

import { env } from 'cloudflare:workers'
import { schemaStatements } from './schema'
import { forgetSweeper } from './sweeper'

/**
 * Gives a file of tests a database that holds nothing but the schema, and a sweeper without an alarm, whatever the file
 * before it has left in the runtime that they share.
 */

const { results } = await env.DB.prepare(
  `SELECT type, name FROM sqlite_schema
  WHERE type IN ('table', 'view') AND name NOT GLOB 'sqlite_*' AND name NOT GLOB '_cf_*'
    AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')`,
).all<{ type: string; name: string }>()

await env.DB.batch([
  env.DB.prepare('PRAGMA defer_foreign_keys = true'),
  ...results.map(({ type, name }) => env.DB.prepare(`DROP ${type} "${name}"`)),
  ...schemaStatements(),
])

await forgetSweeper()

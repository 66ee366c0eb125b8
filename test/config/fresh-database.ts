import { env } from 'cloudflare:workers'
import { schemaStatements } from '../helpers/schema'

/** Empties the database that another file in the same runtime has used. */

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

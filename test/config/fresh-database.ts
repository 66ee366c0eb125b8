import { env } from 'cloudflare:workers'
import { sql } from '../../src/db/sql'
import { prepare } from '../helpers/database'
import { schemaStatements } from '../helpers/schema'

/** Empties the database that another file in the same runtime has used. */

const { results } = await prepare(sql`SELECT type, name FROM sqlite_schema
  WHERE type IN ('table', 'view') AND name NOT GLOB 'sqlite_*' AND name NOT GLOB '_cf_*'
    AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')`).all<{ type: string; name: string }>()

await env.DB.batch([
  prepare(sql`PRAGMA defer_foreign_keys = true`),
  ...results.map(({ type, name }) => prepare(sql`DROP ${sql.raw(type)} "${sql.raw(name)}"`)),
  ...schemaStatements(),
])

import { env } from 'cloudflare:workers'

export function schemaStatements(): D1PreparedStatement[] {
  return env.TEST_MIGRATIONS.flatMap(({ queries }) => queries).map((query) => env.DB.prepare(query))
}

import { env } from 'cloudflare:workers'

/** All migrations in one transaction: applied one by one they take most of the time of a test file. */
await env.DB.batch(env.TEST_MIGRATIONS.flatMap(({ queries }) => queries).map((query) => env.DB.prepare(query)))

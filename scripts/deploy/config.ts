import { readdirSync } from 'node:fs'
import { unstable_readConfig } from 'wrangler'
import { z } from 'zod'
import { variableProblems } from '../../src/variables.ts'
import { ROOT } from '../lib/local-state.ts'

/** What wrangler.toml says of an environment, as far as it is checked before a deployment. */
export interface EnvironmentConfig {
  name: string
  databaseId: string
  variables: Record<string, unknown>
  /** Names of the files, in order. */
  migrations: string[]
  /** For people: what is bound to what. */
  summary: string[]
}

const PLACEHOLDER = /^[0-]*$/

/** Variables that hold what must not stand in a file, or what belongs to a developer's machine alone. */
const NEVER_DEPLOYED = {
  ALLOW_PRIVATE_WEBHOOKS: 'is for a developer’s machine alone: remove it',
  APP_SECRET: 'is a secret: remove it, and use npx wrangler secret put',
  APP_SECRET_PREVIOUS: 'is a secret: remove it, and use npx wrangler secret put',
}

const Config = z.object({
  name: z.string(),
  vars: z.record(z.string(), z.unknown()),
  d1_databases: z.array(z.object({ binding: z.string(), database_name: z.string(), database_id: z.string() })),
  r2_buckets: z.array(z.object({ bucket_name: z.string() })),
  queues: z.object({ consumers: z.array(z.object({ queue: z.string() })) }),
})

/** Reads an environment of wrangler.toml. Throws where it lacks a store. */
export function readEnvironment(name: string): EnvironmentConfig {
  const config = Config.parse(unstable_readConfig({ config: `${ROOT}wrangler.toml`, env: name }))
  const database = config.d1_databases.find(({ binding }) => binding === 'DB')
  if (!database) throw new Error(`[env.${name}] of wrangler.toml binds no DB.`)
  return {
    name,
    databaseId: database.database_id,
    variables: config.vars,
    migrations: readdirSync(`${ROOT}migrations`).filter((file) => file.endsWith('.sql')),
    summary: [
      `Worker        ${config.name}`,
      `Database      ${database.database_name} ${database.database_id}`,
      `Bucket        ${config.r2_buckets.map(({ bucket_name }) => bucket_name).join(', ')}`,
      `Queues        ${config.queues.consumers.map(({ queue }) => queue).join(', ')}`,
      ...Object.entries(config.vars).map(([variable, value]) => `Variable      ${variable} = ${JSON.stringify(value)}`),
    ],
  }
}

/** Why an environment may not be deployed as it is: a sentence for each reason. */
export function configProblems({ name, databaseId, variables }: EnvironmentConfig): string[] {
  return [
    ...(PLACEHOLDER.test(databaseId)
      ? [
          `[env.${name}] of wrangler.toml has no database_id yet: put there what npx wrangler d1 create ticketing-${name} prints.`,
        ]
      : []),
    ...Object.entries(NEVER_DEPLOYED).flatMap(([variable, why]) =>
      variable in variables ? [`[env.${name}.vars] ${variable} ${why}.`] : [],
    ),
    ...variableProblems(variables).map((problem) => `[env.${name}.vars] ${problem}.`),
  ]
}

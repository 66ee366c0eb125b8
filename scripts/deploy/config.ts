import { readdirSync } from 'node:fs'
import { experimental_readRawConfig } from 'wrangler'
import { z } from 'zod'
import { variableProblems } from '../../src/core/variables.ts'
import { ROOT } from '../lib/local-state.ts'
import { type Hosts, hostProblems, patternOf } from './hosts.ts'

/** The part of wrangler.toml that is checked before a deployment. */
export interface EnvironmentConfig {
  name: string
  /** Its name at Cloudflare. */
  worker: string
  databases: readonly { name: string; id: string }[]
  variables: Record<string, unknown>
  hosts: Hosts
  /** File names, in order. */
  migrations: string[]
  /** Bindings in readable form. */
  summary: string[]
}

export function isPlaceholder(databaseId: string): boolean {
  return /^[0-]*$/.test(databaseId)
}

/** Variables that must not be in a file, or that belong to a developer's machine. */
const NEVER_DEPLOYED = {
  ALLOW_PRIVATE_WEBHOOKS: 'is only for local development: remove it',
  APP_SECRET: 'is a secret: remove it, and run npx wrangler secret put APP_SECRET',
  APP_SECRET_PREVIOUS: 'is a secret: remove it, and run npx wrangler secret put APP_SECRET_PREVIOUS',
}

/** Without inherited settings: those at the top of the file are for the local server. */
const Section = z.object({
  vars: z.record(z.string(), z.unknown()).default({}),
  d1_databases: z.array(z.object({ binding: z.string(), database_name: z.string(), database_id: z.string() })),
  r2_buckets: z.array(z.object({ bucket_name: z.string() })),
  queues: z.object({ consumers: z.array(z.object({ queue: z.string() })) }),
  workers_dev: z.unknown().optional(),
  preview_urls: z.unknown().optional(),
  routes: z.unknown().optional(),
  route: z.unknown().optional(),
})

/** Throws if the environment lacks a binding. */
export function readEnvironment(name: string, file = `${ROOT}wrangler.toml`): EnvironmentConfig {
  const { rawConfig } = experimental_readRawConfig({ config: file })
  const section = readSection(name, rawConfig.env?.[name])
  const database = section.d1_databases.find(({ binding }) => binding === 'DB')
  if (!database) throw new Error(`[env.${name}] of wrangler.toml has no D1 binding with the name DB.`)
  const worker = `${rawConfig.name}-${name}`
  const hosts = {
    workersDev: section.workers_dev,
    previewUrls: section.preview_urls,
    routes: [section.route, section.routes].flat().filter((route) => route !== undefined),
  }
  return {
    name,
    worker,
    databases: section.d1_databases.map((each) => ({ name: each.database_name, id: each.database_id })),
    variables: section.vars,
    hosts,
    migrations: readdirSync(`${ROOT}migrations`).filter((file) => file.endsWith('.sql')),
    summary: [
      `Environment   ${name}`,
      `Worker        ${worker}`,
      `Host          ${hosts.routes.map(patternOf).join(', ')}`,
      `Database      ${database.database_name} ${database.database_id}`,
      `Bucket        ${section.r2_buckets.map(({ bucket_name }) => bucket_name).join(', ')}`,
      `Queues        ${section.queues.consumers.map(({ queue }) => queue).join(', ')}`,
      ...Object.entries(section.vars).map(
        ([variable, value]) => `Variable      ${variable} = ${JSON.stringify(value)}`,
      ),
    ],
  }
}

/** Throws a sentence if the section does not exist, or if a value in it is missing or has the wrong type. */
function readSection(name: string, section: unknown): z.infer<typeof Section> {
  if (section === undefined) throw new Error(`wrangler.toml has no section [env.${name}].`)
  const { data, error } = Section.safeParse(section)
  if (data) return data
  const fields = error.issues.map(({ path }) => path.join('.') || 'the section itself')
  throw new Error(`[env.${name}] of wrangler.toml has missing or invalid values: ${fields.join(', ')}.`)
}

/** Why an environment may not be deployed as it is: a sentence for each reason. */
export function configProblems({ name, databases, variables, hosts }: EnvironmentConfig): string[] {
  return [
    ...databases
      .filter(({ id }) => isPlaceholder(id))
      .map(
        (database) =>
          `[env.${name}] of wrangler.toml: database_id is a placeholder: set it to the ID that npx wrangler d1 create ${database.name} prints.`,
      ),
    ...Object.entries(NEVER_DEPLOYED).flatMap(([variable, why]) =>
      variable in variables ? [`[env.${name}.vars] ${variable} ${why}.`] : [],
    ),
    ...(variables.ENVIRONMENT === name
      ? []
      : [`[env.${name}.vars] ENVIRONMENT must be "${name}": otherwise the Worker behaves as in local development.`]),
    ...variableProblems({ ...variables, ENVIRONMENT: name }).map((problem) => `[env.${name}.vars] ${problem}.`),
    ...hostProblems(name, hosts, variables.PUBLIC_ORIGIN),
  ]
}

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Node, Project, type PropertyAssignment, type SourceFile } from 'ts-morph'

export const SCHEMA = 'src/db/schema'

/** The Worker's source; the tests, scripts, benchmarks and quality checks; or either. */
export type Area = 'src' | 'others' | 'anywhere'

/** A change to the text of a file. */
export interface Mutation {
  name: string
  /** Where it must be a type error. */
  areas: readonly Area[]
  file: string
  start: number
  end: number
  text: string
}

/**
 * For each table, a column to rename and one to make nullable. The latter is missing if no column of the table is read except
 * by SQL, or if null is handled already. A renamed column must be a type error in both areas, unless only one uses the table.
 */
const COLUMNS: Record<string, { rename: string; nullable?: string; only?: Area }> = {
  accounts: { rename: 'name', nullable: 'plan' },
  loginIdentities: { rename: 'emailNormalized' },
  accountCounters: { rename: 'eventSequence', nullable: 'activeWebhooks' },
  users: { rename: 'email', nullable: 'name' },
  userCounters: { rename: 'count' },
  revokedTokens: { rename: 'userId', nullable: 'tokenId' },
  apiKeys: { rename: 'hash', nullable: 'lastFour' },
  apiKeyAccounts: { rename: 'keyId' },
  loginUnlocks: { rename: 'emailNormalized' },
  appSecrets: { rename: 'knownSince', only: 'others' },
  idempotencyRecords: { rename: 'keyHash', nullable: 'fingerprint' },
  backfills: { rename: 'position', nullable: 'position' },
  batchAssertions: { rename: 'rule', only: 'src' },
  tickets: { rename: 'title', nullable: 'description' },
  ticketTags: { rename: 'tag' },
  ticketTagsUpdated: { rename: 'tag' },
  ticketCounters: { rename: 'dimension', nullable: 'count' },
  creatorCounters: { rename: 'assignedTo' },
  ticketHistory: { rename: 'changeId', nullable: 'field' },
  comments: { rename: 'ticketId', nullable: 'content' },
  attachments: { rename: 'mimeType', nullable: 'filename' },
  objectIntents: { rename: 'createdAt', nullable: 'id' },
  erasures: { rename: 'dueAt', nullable: 'createdAt' },
  events: { rename: 'sequence', nullable: 'data' },
  webhooks: { rename: 'secret', nullable: 'url' },
  deliveries: { rename: 'eventId', nullable: 'id' },
  deliveryAttempts: { rename: 'statusCode', nullable: 'at' },
  replays: { rename: 'until', nullable: 'lastSequence' },
}

/** The chosen columns of each table, and every column with an enum. Throws if `COLUMNS` and the schema differ. */
export function mutationsOf(root: string): Mutation[] {
  const project = new Project({ useInMemoryFileSystem: true })
  const files = readdirSync(join(root, SCHEMA)).map((name) =>
    project.createSourceFile(`/${SCHEMA}/${name}`, readFileSync(join(root, SCHEMA, name), 'utf8')),
  )
  const tables = new Map(files.flatMap(tablesIn))
  const unknown = Object.keys(COLUMNS).filter((table) => !tables.has(table))
  if (unknown.length > 0) throw new Error(`There is no table ${unknown.join(', ')}`)
  return [...tables].flatMap(([table, columns]) => {
    const chosen = COLUMNS[table]
    if (!chosen) throw new Error(`No columns are chosen for the table ${table}`)
    return [
      rename(table, columnOf(table, columns, chosen.rename), chosen.only ? [chosen.only] : ['src', 'others']),
      ...(chosen.nullable ? [makeNullable(table, columnOf(table, columns, chosen.nullable))] : []),
      ...columns.flatMap((column) => addToEnum(table, column)),
    ]
  })
}

/** The tables that a file declares, with their columns, by the names of the constants. */
function tablesIn(file: SourceFile): [string, PropertyAssignment[]][] {
  return file.getVariableDeclarations().flatMap((declaration): [string, PropertyAssignment[]][] => {
    const call = declaration.getInitializer()
    if (!Node.isCallExpression(call) || call.getExpression().getText() !== 'sqliteTable') return []
    const [, columns] = call.getArguments()
    if (!Node.isObjectLiteralExpression(columns)) return []
    return [[declaration.getName(), columns.getProperties().filter(Node.isPropertyAssignment)]]
  })
}

function columnOf(table: string, columns: PropertyAssignment[], name: string): PropertyAssignment {
  const column = columns.find((each) => each.getName() === name)
  if (!column) throw new Error(`There is no column ${table}.${name}`)
  return column
}

function rename(table: string, column: PropertyAssignment, areas: readonly Area[]): Mutation {
  const name = column.getNameNode()
  return mutation(
    `${table}.${name.getText()} renamed`,
    name,
    name.getStart(),
    name.getEnd(),
    `${name.getText()}Renamed`,
    areas,
  )
}

function makeNullable(table: string, column: PropertyAssignment): Mutation {
  const name = `${table}.${column.getName()} made nullable`
  for (const node of column.getDescendants()) {
    if (!Node.isCallExpression(node)) continue
    const called = node.getExpression()
    if (Node.isPropertyAccessExpression(called) && called.getName() === 'notNull')
      return mutation(name, node, called.getExpression().getEnd(), node.getEnd(), '')
  }
  throw new Error(`${table}.${column.getName()} is nullable already`)
}

function addToEnum(table: string, column: PropertyAssignment): Mutation[] {
  return column.getDescendants().flatMap((node) => {
    if (!Node.isPropertyAssignment(node) || node.getName() !== 'enum') return []
    const end = node.getEnd() - 1
    const name = `${table}.${column.getName()} with another value`
    // A value that the source handles in the same way only differs from the types of the client, which a test compares.
    return [mutation(name, node, end, end, ", 'another'", ['anywhere'])]
  })
}

function mutation(
  name: string,
  at: Node,
  start: number,
  end: number,
  text: string,
  areas: readonly Area[] = ['src'],
): Mutation {
  return { name, areas, file: at.getSourceFile().getFilePath().slice(1), start, end, text }
}

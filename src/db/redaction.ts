import type { Column } from 'drizzle-orm'
import type { Alias } from './alias'
import { isCommentErased, isTicketErased } from './erasures'
import type { events } from './schema/webhooks'
import { constantSql, type SQL, sql } from './sql'

/**
 * What a column shows instead of the text of a deleted ticket or comment. Rows and their snapshots have the same names. A media
 * type is a text of the uploader too.
 */
const BLANKS = {
  title: '',
  description: '',
  tags: '[]',
  custom_fields: '{}',
  content: '',
  filename: '',
  mime_type: 'application/octet-stream',
}

/** Fields of `changes` in a `ticket.updated`: as on the wire, so that tags are an array. */
const CHANGE_BLANKS: Record<string, string> = {
  title: `''`,
  description: `''`,
  tags: `json('[]')`,
  custom_fields: `json('{}')`,
}

function blanks(path: string, columns: readonly (keyof typeof BLANKS)[]): string[] {
  return columns.map((column) => `'${path}.${column}', '${BLANKS[column]}'`)
}

const SIDES = ['previous', 'current']
const FILE = ['filename', 'mime_type'] as const
const FILE_CHANGES = SIDES.flatMap((side) => blanks(`$.changes.attachments.${side}`, FILE))
const FIELD_CHANGES = SIDES.flatMap((side) =>
  Object.entries(CHANGE_BLANKS).map(([field, blank]) => `'$.changes.${field}.${side}', ${blank}`),
)
const OF_ROW = constantSql(blanks('$', Object.keys(BLANKS) as (keyof typeof BLANKS)[]).join(', '))
const OF_COMMENT = [...blanks('$.comment', ['content']), ...FILE_CHANGES]
const OF_COMMENT_EVENT = constantSql(OF_COMMENT.join(', '))
const OF_TICKET_EVENT = constantSql(
  [...blanks('$.ticket', ['title', 'description', 'tags', 'custom_fields']), ...FIELD_CHANGES, ...OF_COMMENT].join(
    ', ',
  ),
)

/** A JSON object of a row, or of a value of the history, with empty texts. */
export function blankRow(row: SQL<string>): SQL<string> {
  // Replaces only what is there.
  return sql`json_replace(${row}, ${OF_ROW})`
}

/** The snapshot of an event without the texts of its comment, marked as redacted. */
export function withoutComment(data: SQL<string>): SQL<string> {
  return marked(data, OF_COMMENT_EVENT)
}

/** The snapshot of an event without the texts of its ticket and its comment, marked as redacted. */
export function withoutTicket(data: SQL<string>): SQL<string> {
  return marked(data, OF_TICKET_EVENT)
}

function marked(data: SQL<string>, replacements: SQL): SQL<string> {
  const attachments = sql`(SELECT json_group_array(${blankRow(constantSql('f.value'))})
    FROM json_each(${data}, '$.attachments') f)`
  // A snapshot that cannot be parsed must not stop the sweep.
  return sql`CASE WHEN json_valid(${data}) THEN json_set(
    json_replace(${data}, ${replacements}, '$.attachments', json(${attachments})), '$.redacted', json('true')) ELSE '{}' END`
}

/** The snapshot of an event as it may be shown: from the deletion of its ticket or comment on, without the texts. */
export function shownData(e: Alias<typeof events>): SQL<string> {
  return sql`CASE WHEN ${isTicketErased(e)} THEN ${withoutTicket(e.data)}
    WHEN ${isCommentErased(e)} THEN ${withoutComment(e.data)} ELSE ${e.data} END`
}

/** The rows of an idempotency record without the texts of its ticket, marked as redacted. */
export function withoutTicketRows(rows: SQL<string> | Column): SQL<string> {
  return withBlankRows(rows, constantSql('1'))
}

/** The same without the texts of the comments whose IDs meet the condition. Unchanged if there is none. */
export function withoutCommentRows(
  rows: SQL<string> | Column,
  isErased: (commentId: SQL<string | null>) => SQL,
): SQL<string> {
  const condition = sql`${COMMENT_OF_ROW} IS NOT NULL AND ${isErased(COMMENT_OF_ROW)}`
  return sql`CASE WHEN EXISTS (SELECT 1 FROM json_each(${rows}, '$.answers') a, json_each(a.value) r WHERE ${condition})
    THEN ${withBlankRows(rows, condition)} ELSE ${rows} END`
}

const ROW = constantSql<string>('r.value')

/** The comment of a row: its own row, or that of a file. */
const COMMENT_OF_ROW = constantSql<string | null>(
  `coalesce(r.value ->> '$.comment_id', CASE WHEN r.value -> '$.content' IS NOT NULL THEN r.value ->> '$.id' END)`,
)

function withBlankRows(rows: SQL<string> | Column, condition: SQL): SQL<string> {
  const blanked = sql`SELECT json_group_array(CASE WHEN ${condition} THEN ${blankRow(ROW)} ELSE json(${ROW}) END)
    FROM json_each(a.value) r`
  return sql`json_set(${rows}, '$.answers', json((SELECT json_group_array(json((${blanked})))
    FROM json_each(${rows}, '$.answers') a)), '$.redacted', json('true'))`
}

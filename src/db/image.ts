import { type SQL, sql } from 'drizzle-orm'

/** A row's columns by the names a presenter knows them under, each with the SQL expression that gives it. */
export type Image = Record<string, SQL>

/** The columns as a select list. */
export function selectList(image: Image): SQL {
  return sql.join(
    Object.entries(image).map(([name, expression]) => sql`${expression} AS ${sql.identifier(name)}`),
    sql`, `,
  )
}

/** The columns as one JSON object, so that a stored image and a row that was read are presented alike. */
export function jsonImage(image: Image): SQL {
  const pairs = Object.entries(image).map(([name, expression]) => sql`${sql.raw(`'${name}'`)}, ${expression}`)
  return sql`json_object(${sql.join(pairs, sql`, `)})`
}

import { Column, getTableName, SQL, StringChunk, Table } from 'drizzle-orm'

export interface Rendered {
  text: string
  values: (string | number | null)[]
}

/**
 * The text of a query and the values of its parameters `?1`, `?2`, … Equal values share a parameter: D1 takes a hundred, and
 * merged queries repeat theirs. A table or column is its bare name; `alias` gives it another. Drizzle's own renderer, which
 * handles more kinds of chunks, takes five times as long over a list of sixteen queries. Throws for any other chunk.
 */
export function render(query: SQL): Rendered {
  const numbers = new Map<string | number | null, number>()
  const numberOf = (value: string | number | null) => {
    const number = numbers.get(value) ?? numbers.size + 1
    numbers.set(value, number)
    return number
  }
  const textOf = ({ queryChunks }: SQL): string => {
    let text = ''
    for (const chunk of queryChunks) {
      if (chunk instanceof StringChunk) text += chunk.value.join('')
      else if (chunk instanceof SQL) text += textOf(chunk)
      else if (chunk instanceof Column) text += chunk.name
      else if (chunk instanceof Table) text += getTableName(chunk)
      else if (typeof chunk === 'string' || typeof chunk === 'number' || chunk === null) text += `?${numberOf(chunk)}`
      else throw new TypeError(`No value of a query: ${typeof chunk}`)
    }
    return text
  }
  return { text: textOf(query), values: [...numbers.keys()] }
}

import type { DatabaseSync } from 'node:sqlite'
import { getTableName } from 'drizzle-orm'
import { ticketSearch } from '../src/db/search-table.ts'
import { searchKey } from '../src/db/search-text.ts'
import { ACCOUNT_ID, ticketId } from './dataset.ts'

/** The account with two tickets, or the one with tickets of full size. */
export type Caller = 'small' | 'fullSize'

interface MeasuredRequest {
  name: string
  path: string
  caller: Caller
}

/** Terms that stand for creators are longer. */
const LONGEST_WORD = 40
const MOST_VALUES = 50
const RANGES = 'created_after=2020-01-01&created_before=2030-01-01&updated_after=2020-01-01&updated_before=2030-01-01'
const EACH = 'status=open,in_progress,resolved,closed&priority=low,medium,high,critical'

/** The most expensive requests. */
export function neighborRequests(neighbor: DatabaseSync): MeasuredRequest[] {
  const members = Array.from({ length: MOST_VALUES - 1 }, (_, index) => `user_${index}`).join(',')
  const bySmall = {
    list: '/tickets',
    'list by cursor': '/tickets?cursor=&per_page=100',
    'list by status and priority': '/tickets?status=open,closed&priority=low,high&sort=priority',
    'list by a common tag': '/tickets?tag=tag7',
    'list by a common tag, 50 assignees and every status': `/tickets?tag=tag7&assigned_to=none,${members}&${EACH}`,
    'list by 50 assignees, by priority': `/tickets?assigned_to=none,${members}&${EACH}&sort=priority`,
    'list by 50 creators, in ranges of both times': `/tickets?created_by=me,${members}&${RANGES}&sort=updated_at`,
    'list in ranges of both times': `/tickets?${RANGES}`,
    'list past the end': '/tickets?page=1000000&per_page=100',
    'list with every filter and a search': `/tickets?q=rep*&tag=tag7&assigned_to=none,${members}&created_by=me,${members}&${EACH}&${RANGES}&sort=priority`,
    export: '/tickets/export',
    'export by a common tag, in ranges': `/tickets/export?tag=tag7&${RANGES}&sort=priority`,
    stats: '/tickets/stats',
    users: '/users?q=a&per_page=100',
    events: '/events',
    'events of some types': '/events?event=ticket.created,ticket.deleted&per_page=100',
    'own ticket': '/tickets/ticket_small1',
    "the neighbor's ticket (404)": `/tickets/${ticketId(1)}`,
  }
  const byFullSize = {
    'list of full-size tickets': '/tickets?per_page=100',
    'list of full-size tickets by cursor': '/tickets?cursor=&per_page=100',
    'list of full-size tickets by priority': '/tickets?cursor=&per_page=100&sort=priority',
    'export of full-size tickets': '/tickets/export',
    'stats of full-size tickets': '/tickets/stats',
    'a full-size ticket': '/tickets/ticket_fullSize1',
  }
  return [
    ...searchesFor(neighbor),
    ...Object.entries(bySmall).map(([name, path]) => ({ name, path, caller: 'small' }) as const),
    ...Object.entries(byFullSize).map(([name, path]) => ({ name, path, caller: 'fullSize' }) as const),
  ]
}

/** For each length of a prefix, one to ten of those that the neighbor's texts contain most often. */
function searchesFor(neighbor: DatabaseSync): MeasuredRequest[] {
  neighbor.exec(`CREATE VIRTUAL TABLE temp.terms USING fts5vocab('main', '${getTableName(ticketSearch)}', 'row')`)
  const key = searchKey(ACCOUNT_ID)
  const frequent = neighbor.prepare(
    `SELECT substr(word, 1, ?1) AS prefix
    FROM (SELECT substr(term, ${key.length + 1}) AS word, doc FROM temp.terms WHERE term GLOB '${key}*')
    WHERE length(word) BETWEEN ?1 AND ${LONGEST_WORD} GROUP BY 1 ORDER BY sum(doc) DESC LIMIT 10`,
  )
  const searches = [1, 2, 3, 4, 5, 6, 8].flatMap((length): MeasuredRequest[] => {
    const prefixes = frequent.all(length).map(({ prefix }) => String(prefix))
    const counts = [...new Set([1, 3, prefixes.length])]
    return counts.map((count) => ({
      name: `search, ${count} words of ${length} letters`,
      path: `/tickets?q=${encodeURIComponent(prefixes.slice(0, count).join(' '))}`,
      caller: 'small',
    }))
  })
  neighbor.exec('DROP TABLE temp.terms')
  return searches
}

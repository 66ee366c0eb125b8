import {
  ACCOUNT_ID,
  CALLER_ID,
  COMMON_TAG,
  COMMON_WORD,
  CUSTOMER_ID,
  DAY,
  NEWEST,
  RARE_TAG,
  RARE_WORD,
} from './dataset.ts'
import { MEMBERS, TICKET_COLUMNS } from './floor-sql.ts'
import { FAR, LISTS, PER_PAGE } from './lists.ts'

/** Hand-written queries for the measured lists, which a general filter could not match. */

export interface FloorList {
  count: Query
  page: Query
}

/** The SQL and the values of `?1`, `?2`, … */
type Query = [sql: string, ...values: (string | number)[]]

const RANKS = [0, 1, 2, 3]
const TICKET_STATUSES = ['open', 'in_progress', 'resolved', 'closed']
const BY_CREATION = 'created_at DESC, number DESC'
const BY_CHANGE = 'updated_at DESC, number DESC'
const BY_RANK = `priority_rank ASC, ${BY_CREATION}`

const TICKETS_BY_STATUS = 'tickets INDEXED BY tickets_by_status_created WHERE true'

const allPositions = `SELECT ${sortColumns(BY_CREATION)} FROM tickets WHERE account_id = ?1 ORDER BY ${BY_CREATION} LIMIT ${PER_PAGE}`

const LISTS_BY_QUERY: Record<(typeof LISTS)[keyof typeof LISTS], FloorList> = {
  [LISTS.all]: { count: counters('all', ''), page: page(BY_CREATION, allPositions) },
  [LISTS.farPage]: { count: counters('all', ''), page: page(BY_CREATION, `${allPositions} OFFSET ${FAR}`) },
  [LISTS.open]: {
    count: counters('all', '', 'open'),
    page: page(BY_CREATION, mergePartitions(TICKETS_BY_STATUS, ['open'], BY_CREATION)),
  },
  [LISTS.mine]: {
    count: counters('assignee', CALLER_ID),
    page: page(
      BY_CHANGE,
      mergePartitions(
        'tickets INDEXED BY tickets_by_assignee_updated WHERE assigned_to = ?2',
        TICKET_STATUSES,
        BY_CHANGE,
      ),
      CALLER_ID,
    ),
  },
  [LISTS.customers]: {
    count: counters('creator', CUSTOMER_ID),
    page: page(
      BY_CREATION,
      mergePartitions(
        'tickets INDEXED BY tickets_by_creator_created WHERE created_by = ?2',
        TICKET_STATUSES,
        BY_CREATION,
      ),
      CUSTOMER_ID,
    ),
  },
  [LISTS.leastUrgent]: {
    count: counters('all', ''),
    page: page(BY_RANK, mergePartitions(TICKETS_BY_STATUS, TICKET_STATUSES, BY_RANK)),
  },
  [LISTS.recent]: {
    count: [
      'SELECT count(*) AS total FROM tickets WHERE account_id = ?1 AND created_at >= ?2',
      ACCOUNT_ID,
      NEWEST - DAY,
    ],
    page: page(BY_CREATION, allPositions.replace('ORDER', 'AND created_at >= ?2 ORDER'), NEWEST - DAY),
  },
  [LISTS.rareWord]: found(RARE_WORD),
  [LISTS.commonWord]: found(COMMON_WORD),
  [LISTS.rareTag]: tagged(RARE_TAG),
  [LISTS.commonTag]: tagged(COMMON_TAG),
}

export const FLOOR_LISTS: ReadonlyMap<string, FloorList> = new Map(Object.entries(LISTS_BY_QUERY))

/** In the list of all tickets, newest first; returns one ticket more than the page. */
export function pageAfter(at: number, number: number): Query {
  const positions = allPositions.replace('ORDER', 'AND (created_at, number) < (?2, ?3) ORDER')
  return page(BY_CREATION, positions.replace(/LIMIT \d+/, `LIMIT ${PER_PAGE + 1}`), at, number)
}

function counters(dimension: string, value: string, status?: string): Query {
  const sql = `SELECT coalesce(sum(count), 0) AS total FROM ticket_counters
    WHERE account_id = ?1 AND dimension = ?2 AND value = ?3${status === undefined ? '' : ' AND status = ?4'}`
  return [sql, ACCOUNT_ID, dimension, value, ...(status === undefined ? [] : [status])]
}

/** The tickets that `seq` selects, in their order. */
function page(order: string, positions: string, ...values: (string | number)[]): Query {
  const sql = `SELECT ${TICKET_COLUMNS} FROM (${positions}) page CROSS JOIN tickets t ON t.seq = page.seq ${MEMBERS}
    ORDER BY ${order.replaceAll(/(\w+) (ASC|DESC)/g, 'page.$1 $2')}`
  return [sql, ACCOUNT_ID, ...values]
}

function sortColumns(order: string): string {
  return ['seq', ...order.matchAll(/\w+(?= ASC| DESC)/g)].join(', ')
}

/** Merges the first tickets of each status and priority. D1 allows five queries in a compound. */
function mergePartitions(source: string, statuses: readonly string[], order: string): string {
  const partition = (status: string, rank: number) =>
    `SELECT ${sortColumns(order)} FROM ${source} AND account_id = ?1 AND status = '${status}' AND priority_rank = ${rank}`
  const together = (queries: readonly string[]) => `${queries.join(' UNION ALL ')} ORDER BY ${order}`
  const ofStatuses = statuses.map(
    (status) => `SELECT * FROM (${together(RANKS.map((rank) => partition(status, rank)))})`,
  )
  return `${together(ofStatuses)} LIMIT ${PER_PAGE}`
}

/** The full-text index contains the account, so it can count by itself; the newest tickets are its last entries. */
function found(word: string): FloorList {
  const match = `{scope} : "zq${Buffer.from(ACCOUNT_ID).toString('hex')}" AND {title description} : "${word}" *`
  const newest = `SELECT t.seq, t.created_at, t.number FROM tickets_fts f CROSS JOIN tickets t ON t.seq = f.rowid
    WHERE tickets_fts MATCH ?2 ORDER BY f.rowid DESC LIMIT ${PER_PAGE}`
  return {
    count: ['SELECT count(*) AS total FROM tickets_fts WHERE tickets_fts MATCH ?1', match],
    page: page(BY_CREATION, newest, match),
  }
}

function tagged(tag: string): FloorList {
  return {
    count: counters('tag', tag),
    page: page(BY_CREATION, mergePartitions('ticket_tags WHERE tag = ?2', TICKET_STATUSES, BY_CREATION), tag),
  }
}

import { COMMON_TAG, COMMON_WORD, DAY, NEWEST, RARE_TAG, RARE_WORD } from './dataset.ts'

export const LISTS = {
  all: '',
  open: 'status=open',
  mine: 'assigned_to=me&sort=updated_at',
  leastUrgent: 'sort=priority&order=asc',
  farPage: 'page=501',
  customers: 'created_by=me',
  rareWord: `q=${RARE_WORD}`,
  commonWord: `q=${COMMON_WORD}`,
  rareTag: `tag=${RARE_TAG}`,
  commonTag: `tag=${COMMON_TAG}`,
  recent: `created_after=${new Date(NEWEST - DAY).toISOString().slice(0, 10)}`,
} as const

/** Tickets before the page `LISTS.farPage`. */
export const FAR = 10_000
export const PER_PAGE = 20

import { backfills } from '../db/schema/backfills'
import { selection } from '../db/selection'
import { sql } from '../db/sql'
import { select } from '../db/statement'
import { update } from '../db/write'

const BACKFILL = selection({ position: backfills.position, is_done: backfills.isDone })

type Name = (typeof backfills)['$inferSelect']['name']

export function findBackfill(name: Name) {
  return select(BACKFILL, sql`FROM ${backfills} WHERE ${backfills.name} = ${name}`)
}

export function continueBackfill(name: Name, position: string) {
  return update(backfills, { position }, sql`${backfills.name} = ${name}`)
}

export function completeBackfill(name: Name) {
  return update(backfills, { isDone: 1 }, sql`${backfills.name} = ${name}`)
}

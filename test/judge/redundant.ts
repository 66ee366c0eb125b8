import type { Redundant } from './conditions.ts'

/** Account conditions whose absence nobody could see, because something else says the same. */
export const REDUNDANT: Redundant[] = []

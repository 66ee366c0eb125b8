import { z } from '@hono/zod-openapi'
import { CursorQuery, cursorOrPage, PageOrCursorQuery } from '../http/pagination/cursor'
import {
  DATE_RULE,
  follows,
  instant,
  oneOrMoreIds,
  oneOrMoreOf,
  searchText,
  singleLine,
  wholeNumber,
} from '../http/schemas/request-fields'
import { MAX_SEARCH_TOKENS, MAX_SEARCH_WORDS, searchViolation } from './search'
import { PRIORITIES, TICKET_STATUSES } from './values'

function timeFilter(description: string) {
  return instant()
    .optional()
    .openapi({ description: `${description} ${DATE_RULE}` })
}

const filters = {
  status: oneOrMoreOf(TICKET_STATUSES)
    .optional()
    .openapi({ description: 'Only tickets with one of these statuses.', example: ['open', 'in_progress'] }),
  priority: oneOrMoreOf(PRIORITIES)
    .optional()
    .openapi({ description: 'Only tickets with one of these priorities.', example: ['high', 'critical'] }),
  assigned_to: oneOrMoreIds('agent789')
    .optional()
    .openapi({ description: 'Only tickets of these assignees: IDs, `none` for unassigned tickets, or `me`.' }),
  created_by: oneOrMoreIds('user456')
    .optional()
    .openapi({ description: 'Only tickets of these creators: IDs, or `me`.' }),
  number: wholeNumber(1, Number.MAX_SAFE_INTEGER)
    .optional()
    .openapi({ description: 'Only the ticket with this number.', example: 1 }),
  tag: singleLine(50).optional().openapi({ description: 'Only tickets with this tag.', example: 'export' }),
  q: searchText()
    .superRefine(follows(searchViolation))
    .optional()
    .openapi({
      description:
        'Only tickets with all of these words, or words that begin with them, in title or description. Case, accents and ' +
        'Unicode normal forms are ignored in every script. In Chinese, Japanese, Korean and Thai text, any two characters or more ' +
        'are found. Punctuation is ignored; symbols and emoji must be present, and so must the trailing symbols of a word (`C++`, ' +
        `\`C#\`). At most ${MAX_SEARCH_WORDS} different words of ${MAX_SEARCH_TOKENS} parts (\`a-b\` has two).`,
    }),
  created_after: timeFilter('Only tickets created at this time or later.'),
  created_before: timeFilter('Only tickets created before this time.'),
  updated_after: timeFilter('Only tickets updated at this time or later.'),
  updated_before: timeFilter('Only tickets updated before this time.'),
  sort: z
    .enum(['created_at', 'updated_at', 'priority'])
    .optional()
    .openapi({ default: 'created_at', description: 'Field to sort by. `priority` sorts by rank, ties newest first.' }),
  order: z.enum(['asc', 'desc']).optional().openapi({ default: 'desc', description: 'Ascending or descending.' }),
}

export const ListTicketsQuery = z.strictObject({ ...filters, ...PageOrCursorQuery }).superRefine(cursorOrPage)
export type ListTicketsInput = z.infer<typeof ListTicketsQuery>

export const ExportTicketsQuery = z.strictObject({ ...filters, cursor: CursorQuery.cursor })
export type ExportTicketsInput = z.infer<typeof ExportTicketsQuery>

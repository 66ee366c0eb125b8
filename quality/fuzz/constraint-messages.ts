/**
 * Rules that JSON Schema cannot express: the message of the 400, and the words with which the document describes it.
 */
export const CONSTRAINT_MESSAGES: { rule: RegExp; documentedAs: string }[] = [
  { rule: /^(Description|Content) must be at most 65,536 bytes$/, documentedAs: 'At most 65,536 bytes of UTF-8' },
  { rule: /^Filename must be 1 to 255 bytes/, documentedAs: 'At most 255 bytes of UTF-8, no path' },
  { rule: /^Page must not be used together with cursor$/, documentedAs: 'By `page`, or by `cursor`' },
  { rule: /^Cursor /, documentedAs: 'As an answer gave it; empty or absent to start' },
  { rule: /^Q must have at most 10 different words$/, documentedAs: 'At most 10 different words' },
  { rule: /^Q must have at most 30 terms, where a-b counts as two$/, documentedAs: 'with at most 30 parts' },
  { rule: /^expires_at must/, documentedAs: 'An RFC 3339 time or a date that lies ahead' },
  { rule: /^Until must be later than since$/, documentedAs: 'An RFC 3339 time, or a date, later than `since`' },
  { rule: /^Tags must not be used together with add_tags or remove_tags$/, documentedAs: 'not beside `tags`' },
  { rule: /^add_tags must not overlap remove_tags$/, documentedAs: 'none that `add_tags` names' },
  {
    rule: /^current_password is (required|only accepted with a change of your own email)$/,
    documentedAs: 'Needed to change your own e-mail',
  },
  { rule: /^Body must have at least one field$/, documentedAs: 'refused beside any other change, and by itself' },
]

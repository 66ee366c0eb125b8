/**
 * Rules that JSON Schema cannot express: the message of the 400, and the words with which the document describes it.
 */
export const CONSTRAINT_MESSAGES: { rule: RegExp; documentedAs: string }[] = [
  { rule: /^(Description|Content) must be at most 65,536 bytes$/, documentedAs: 'At most 65,536 bytes of UTF-8' },
  { rule: /^Filename must be 1 to 255 bytes/, documentedAs: 'At most 255 bytes of UTF-8, no path' },
  { rule: /^Page must not come beside cursor$/, documentedAs: 'By `page`, or by `cursor`' },
  { rule: /^Cursor /, documentedAs: 'As an answer gave it; empty or absent to start' },
  { rule: /^Q must have at most 10 different words$/, documentedAs: 'At most 10 different words' },
  { rule: /^Q must have at most 30 parts with punctuation between them$/, documentedAs: 'with at most 30 parts' },
  { rule: /^Expires at must/, documentedAs: 'An RFC 3339 time or a date that lies ahead' },
  { rule: /^Until must be later than since$/, documentedAs: 'An RFC 3339 time, or a date, later than `since`' },
  { rule: /^Tags must not come beside add tags or remove tags$/, documentedAs: 'not beside `tags`' },
  { rule: /^Add tags must not name what remove tags names$/, documentedAs: 'none that `add_tags` names' },
  {
    rule: /^Current password is (required|only for a change of your own e-mail)$/,
    documentedAs: 'Needed to change your own e-mail',
  },
  { rule: /^Body must name at least one field$/, documentedAs: 'refused beside any other change, and by itself' },
]

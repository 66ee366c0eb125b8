/**
 * Rules that no schema can tell: the document tells them in words. Each is what a 400 says, and where the document tells of
 * it.
 */
export const WORDS: { rule: RegExp; told: string }[] = [
  { rule: /^(Description|Content) must be at most 65,536 bytes$/, told: 'At most 65,536 bytes of UTF-8' },
  { rule: /^Filename must be 1 to 255 bytes/, told: 'At most 255 bytes of UTF-8, no path' },
  { rule: /^Page must not come beside cursor$/, told: 'By `page`, or by `cursor`' },
  { rule: /^Cursor /, told: 'As an answer gave it; empty or absent to start' },
  { rule: /^Q must have at most 10 different words$/, told: 'At most 10 different words' },
  { rule: /^Q must have at most 30 parts with punctuation between them$/, told: 'with at most 30 parts' },
  { rule: /^Expires at must/, told: 'An RFC 3339 time or a date that lies ahead' },
  { rule: /^Until must be later than since$/, told: 'An RFC 3339 time, or a date, later than `since`' },
  { rule: /^Tags must not come beside add tags or remove tags$/, told: 'not beside `tags`' },
  { rule: /^Add tags must not name what remove tags names$/, told: 'none that `add_tags` names' },
  {
    rule: /^Current password is (required|only for a change of your own e-mail)$/,
    told: 'Needed to change your own e-mail',
  },
  { rule: /^Body must name at least one field$/, told: 'refused beside any other change, and by itself' },
]

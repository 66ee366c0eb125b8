/**
 * Rules that JSON Schema cannot express: the message of the 400, and the words with which the document describes it.
 */
export const CONSTRAINT_MESSAGES: { rule: RegExp; documentedAs: string }[] = [
  { rule: /^(Description|Content) must be at most 65,536 bytes$/, documentedAs: '1 to 65,536 bytes of UTF-8' },
  { rule: /^Filename must be 1 to 255 bytes/, documentedAs: '1 to 255 bytes of UTF-8, without a path' },
  { rule: /^Page must not be used together with cursor$/, documentedAs: 'Cannot be combined with `cursor`' },
  { rule: /^Cursor /, documentedAs: 'of a response to the same request. Leave it empty to start' },
  { rule: /^Q must have at most 10 different words$/, documentedAs: 'At most 10 different words' },
  { rule: /^Q must have at most 30 terms, where a-b counts as two$/, documentedAs: 'different words of 30 parts' },
  { rule: /^expires_at must/, documentedAs: 'Time in the future at which the key expires' },
  { rule: /^Until must be later than since$/, documentedAs: 'later than `since`' },
  {
    rule: /^Tags must not be used together with add_tags or remove_tags$/,
    documentedAs: 'Cannot be combined with `tags`',
  },
  { rule: /^add_tags must not overlap remove_tags$/, documentedAs: 'or overlap `add_tags`' },
  {
    rule: /^current_password is (required|only accepted with a change of your own email)$/,
    documentedAs: 'Required to change your own email',
  },
  { rule: /^Body must have at least one field$/, documentedAs: 'not allowed otherwise' },
]

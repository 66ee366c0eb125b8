/** The options of an admin command, by name. */
export type Options = Record<string, string | boolean | undefined>

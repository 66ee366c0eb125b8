export type Options = Record<string, string | boolean | undefined>

export type Options = Record<string, string | boolean | (string | boolean)[] | undefined>

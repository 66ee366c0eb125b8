const MAX = 40

/** `Müller & Söhne` becomes `muller-sohne`; a name without ASCII letters or digits becomes `account`. */
export function slugOf(name: string): string {
  const slug = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX)
    .replace(/^-|-$/g, '')
  return slug || 'account'
}

const MAX = 40

/** A name as a part of an address: `Müller & Söhne` becomes `muller-sohne`; `account` where nothing is left of it. */
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

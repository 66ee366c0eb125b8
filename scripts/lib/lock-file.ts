import { readFileSync } from 'node:fs'

interface LockedPackage {
  integrity?: string
  /** A workspace of this project. */
  link?: boolean
}

const INTEGRITY = /^sha512-[A-Za-z0-9+/]{86}==$/

/** The packages in the text of a `package-lock.json` that npm would install without verifying their content. */
export function findUnverifiedPackages(text: string): string[] {
  const { packages }: { packages: Record<string, LockedPackage> } = JSON.parse(text)
  return Object.entries(packages)
    .filter(([path, { link }]) => path.includes('node_modules/') && link !== true)
    .filter(([, { integrity }]) => integrity === undefined || !INTEGRITY.test(integrity))
    .map(([path]) => path)
}

export function unverifiedPackagesIn(file: string): string[] {
  return findUnverifiedPackages(readFileSync(file, 'utf8'))
}

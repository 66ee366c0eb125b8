import { globSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { cruise, type ICruiseResult, type IViolation } from 'dependency-cruiser'
import extractOptions from 'dependency-cruiser/config-utl/extract-depcruise-options'
import { ROOT } from './local-state.ts'

const FOLDERS = ['src', 'packages', 'scripts', 'bench']

export interface Violation {
  rule: string
  /** The import or cycle, and why it is forbidden. */
  message: string
}

/**
 * Violations of the layer rules in a copy of the project. Throws if fewer modules were read than there are files,
 * because dependency-cruiser ignores files that it cannot read.
 */
export async function findViolations(root = ROOT): Promise<Violation[]> {
  const { modules, summary } = await readImports(root)
  const files = FOLDERS.flatMap((folder) => globSync(join(root, folder, '**/*.ts'), { exclude: isBuilt }))
  const read = modules.filter(({ source }) => FOLDERS.some((folder) => source.startsWith(`${folder}/`)))
  const isRead = read.length >= files.filter((file) => !file.endsWith('.d.ts')).length
  if (!isRead) throw new Error(`Only ${read.length} modules of ${files.length} files were read`)
  return [
    ...summary.violations.map((violation) => ({ rule: violation.rule.name, message: messageOf(violation) })),
    ...files
      .filter((file) => IMPORT_TYPE.test(readFileSync(file, 'utf8')))
      .map((file) => importType(relative(root, file))),
  ]
}

/** A type that is imported within an expression, which dependency-cruiser does not see. */
const IMPORT_TYPE = /typeof import\(['"]\.|(?<!await )\bimport\((['"])\.[^'"]+\1\)[.[]/

function importType(file: string): Violation {
  return { rule: 'no-import-types', message: `${file}: a type is imported without an import statement` }
}

export async function readImports(root = ROOT): Promise<ICruiseResult> {
  const options = await extractOptions(join(ROOT, '.dependency-cruiser.cjs'))
  const folders = FOLDERS.filter((folder) => globSync(join(root, folder)).length > 0)
  const { output } = await cruise(folders, { ...options, baseDir: root, validate: true, outputType: 'json' })
  return typeof output === 'string' ? JSON.parse(output) : output
}

const isBuilt = (name: string) => name === 'node_modules' || name === 'dist'

function messageOf({ from, to, cycle, comment, rule }: IViolation & { comment?: string }): string {
  const path = cycle ? [from, ...cycle.map(({ name }) => name)].join(' → ') : `${from} → ${to}`
  return `${path}: ${comment ?? rule.name}`
}

import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const COPIED = [
  'src',
  'test',
  'scripts',
  'migrations',
  'package.json',
  'tsconfig.json',
  'wrangler.toml',
  'vitest.config.ts',
]

/** Copies that are there: they go with the process, also when it is interrupted. */
const copies = new Set<Copy>()
process.once('exit', () => {
  for (const copy of copies) copy.remove()
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

/** A copy of the project to be mutated. Its dependencies are those of the project. */
export class Copy {
  readonly root: string

  constructor(project: string) {
    this.root = mkdtempSync(join(tmpdir(), 'judge-'))
    for (const name of COPIED) cpSync(join(project, name), join(this.root, name), { recursive: true })
    copies.add(this)
    symlinkSync(realpathSync(join(project, 'node_modules')), join(this.root, 'node_modules'))
  }

  read(file: string): string {
    return readFileSync(join(this.root, file), 'utf8')
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.root, file), text)
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}

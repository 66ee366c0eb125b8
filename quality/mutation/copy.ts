import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Not read by any test, or shared. */
const LEFT_OUT = new Set(['.git', '.wrangler', '.dev.vars', 'bench', 'dist', 'node_modules'])

/** Copies are removed with the process, also when it is interrupted. */
const copies = new Set<Copy>()
process.once('exit', () => {
  for (const copy of copies) copy.remove()
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

export class Copy {
  readonly root: string

  constructor(project: string) {
    this.root = mkdtempSync(join(tmpdir(), 'mutation-'))
    const names = readdirSync(project).filter((name) => !LEFT_OUT.has(name))
    for (const name of names) cpSync(join(project, name), join(this.root, name), { recursive: true })
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

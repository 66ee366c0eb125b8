import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const COPIED = ['src', 'test', 'migrations', 'package.json', 'tsconfig.json', 'wrangler.toml', 'vitest.config.ts']

/** A copy of the project to be mutated. Its dependencies are those of the project. */
export class Copy {
  readonly root: string

  constructor(project: string) {
    this.root = mkdtempSync(join(tmpdir(), 'judge-'))
    for (const name of COPIED) cpSync(join(project, name), join(this.root, name), { recursive: true })
    mkdirSync(join(this.root, 'scripts'))
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

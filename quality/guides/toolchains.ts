import { execFile, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Block } from '../../test/helpers/node/documents.ts'

export type Language = 'python' | 'go' | 'java' | 'rust'

interface Toolchain {
  /** Fails without the toolchain. */
  version: string[]
  /** Null if `run` needs no build. */
  build: ((file: string) => string[]) | null
  run: (file: string) => string[]
}

export const TOOLCHAINS: Record<Language, Toolchain> = {
  python: { version: ['python3', '--version'], build: null, run: (file) => ['python3', file] },
  go: { version: ['go', 'version'], build: (file) => ['go', 'build', '-o', 'program', file], run: () => ['./program'] },
  java: { version: ['java', '--version'], build: null, run: (file) => ['java', file] },
  rust: {
    version: ['cargo', '--version'],
    build: () => ['cargo', 'build', '--quiet'],
    run: (file) => [`target/debug/${file.replace(/\.rs$/, '')}`],
  },
}

export const isToolchainLanguage = (language: string): language is Language => Object.hasOwn(TOOLCHAINS, language)

/** Throws with the output if a command fails or does not exist. */
export function runCommand([command = '', ...args]: string[], folder: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' })
  if (error && 'code' in error && error.code === 'ENOENT')
    throw new Error(`${command} is not installed: see quality/guides/README.md`)
  if (status !== 0)
    throw new Error(`${[command, ...args].join(' ')} failed: ${error?.message ?? ''}\n${stdout}${stderr}`)
  return stdout
}

/** Like `runCommand`, without blocking this process, which may be the server that the command calls. */
export async function outputOf(
  [command = '', ...args]: string[],
  folder: string,
  variables: Record<string, string>,
): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, { cwd: folder, env: { ...process.env, ...variables } })
  return stdout
}

/** Writes and builds a program, with the `Cargo.toml` of its guide. Returns the command that runs it in the folder. */
export function buildProgram(program: Block, manifests: Block[], folder: string): string[] {
  const { language, file, code } = program
  if (!isToolchainLanguage(language) || file === null) throw new Error(`${program.location} is not a program`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, file), code)
  for (const manifest of manifests) writeFileSync(join(folder, manifest.file ?? ''), manifest.code)
  const { build, run } = TOOLCHAINS[language]
  if (build) runCommand(build(file), folder)
  return run(file)
}

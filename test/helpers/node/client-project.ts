import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { ROOT } from '../../../scripts/lib/local-state.ts'
import type { Example } from './documents.ts'

const TSCONFIG = {
  compilerOptions: {
    target: 'ES2022',
    lib: ['ES2022', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
    module: 'NodeNext',
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
  },
  include: ['*.ts'],
}

const MARK = '\u001e'

/** Makes an empty project in a folder, as a programmer has who is to use the client. */
export function makeProject(folder: string): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}/package.json`, JSON.stringify({ name: 'a-project', private: true, type: 'module' }))
  writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(TSCONFIG))
}

/** Puts examples into a module of the project, which may then be run and checked. */
export function writeModule(
  folder: string,
  name: string,
  examples: Example[],
  rewrite: (code: string) => string,
): void {
  const code = examples.map((example) => `${rewrite(example.code)}\nconsole.log('\\u001e')\n`).join('')
  writeFileSync(`${folder}/${name}.ts`, code)
}

/** What the compiler says against the modules of the project; empty where it says nothing. */
export function complaintsOf(folder: string): string {
  const { stdout } = spawnSync(process.execPath, [`${ROOT}node_modules/typescript/bin/tsc`, '-p', folder], {
    encoding: 'utf8',
  })
  return stdout
}

/** Runs a module: what each of its examples printed. Throws with what it complained of when it fails. */
export async function runModule(folder: string, name: string): Promise<string[]> {
  const node = spawn(process.execPath, [`${name}.ts`], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const [printed, complaints, [code]] = await Promise.all([text(node.stdout), text(node.stderr), once(node, 'close')])
  if (code !== 0) throw new Error(`${name}.ts ended with ${code}: ${complaints}`)
  return printed.split(`${MARK}\n`).slice(0, -1)
}

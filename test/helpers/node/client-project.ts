import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { ROOT } from '../../../scripts/lib/local-state.ts'
import type { Example } from './documents.ts'

const tsconfigWith = (types: string[]) => ({
  compilerOptions: {
    target: 'ES2022',
    lib: ['ES2022', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
    module: 'NodeNext',
    types,
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
  },
  include: ['*.ts'],
})

const MARK = '\u001e'

export function createProject(folder: string, types: string[] = []): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}/package.json`, JSON.stringify({ name: 'a-project', private: true, type: 'module' }))
  writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(tsconfigWith(types)))
}

export function writeModule(
  folder: string,
  name: string,
  examples: Example[],
  rewrite: (code: string) => string,
): void {
  const code = examples.map((example) => `${rewrite(example.code)}\nconsole.log('\\u001e')\n`).join('')
  writeFileSync(`${folder}/${name}.ts`, code)
}

/** Empty if the modules compile. */
export function compilerErrors(folder: string): string {
  const { stdout } = spawnSync(process.execPath, [`${ROOT}node_modules/typescript/bin/tsc`, '-p', folder], {
    encoding: 'utf8',
  })
  return stdout
}

/** Returns the output of each example. Throws with stderr if the module fails. */
export async function runModule(folder: string, name: string): Promise<string[]> {
  const node = spawn(process.execPath, [`${name}.ts`], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const [printed, errors, [code]] = await Promise.all([text(node.stdout), text(node.stderr), once(node, 'close')])
  if (code !== 0) throw new Error(`${name}.ts ended with ${code}: ${errors}`)
  return printed.split(`${MARK}\n`).slice(0, -1)
}

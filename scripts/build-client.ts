import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { ROOT } from './lib/local-state.ts'

/**
 * `npm run build:client [-- folder]`: the client as a package of its own, which depends on nothing, in `dist/client`
 * unless another folder is named. `npm pack` and `npm install` take that folder.
 */
const folder = resolve(process.argv[2] ?? `${ROOT}dist/client`)

rmSync(folder, { recursive: true, force: true })
const compiler = ['node_modules/typescript/bin/tsc', '-p', 'packages/client', '--outDir', folder, '--noEmit', 'false']
const { status } = spawnSync(process.execPath, compiler, { cwd: ROOT, stdio: 'inherit' })
if (status !== 0) process.exit(1)

const { name, version, license, engines } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'))
const manifest = {
  name,
  version,
  description: 'A typed client of the Ticketing API',
  license,
  type: 'module',
  sideEffects: false,
  engines,
  exports: { './client': { types: './index.d.ts', default: './index.js' } },
}
writeFileSync(`${folder}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`)
cpSync(`${ROOT}LICENSE`, `${folder}/LICENSE`)
console.log(`The client is in ${folder}`)

import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../../scripts/lib/local-state.ts'
import { createProject } from './client-project.ts'

const CLIENT = `${ROOT}packages/client/`
const PACKAGES = ['express', '@types/express', '@types/node']

/** A reader's project: Node, Express and the client are installed. */
export function createGuideProject(folder: string): void {
  createProject(folder, ['node'])
  const client = join(folder, 'node_modules/ticketing-api-client')
  mkdirSync(client, { recursive: true })
  cpSync(`${CLIENT}package.json`, join(client, 'package.json'))
  const { status, stdout } = spawnSync(
    process.execPath,
    [`${ROOT}node_modules/typescript/bin/tsc`, '-p', CLIENT, '--outDir', join(client, 'dist')],
    { encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(stdout)
  mkdirSync(join(folder, 'node_modules/@types'))
  for (const name of PACKAGES) symlinkSync(`${ROOT}node_modules/${name}`, join(folder, 'node_modules', name))
}

export function writeProgram(folder: string, file: string, code: string): void {
  writeFileSync(join(folder, file), code)
}

import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { commandLine } from './lib/command-line.ts'
import { stateFolder } from './lib/local-state.ts'
import { LOCK_FILE, lockState } from './lib/state-lock.ts'

const { values } = commandLine({
  name: 'npm run reset',
  about: `Deletes all local data, after a question. Refuses while a server uses the data. The next npm start creates the data again,
with the demo data.`,
  options: { yes: { type: 'boolean', about: 'do not ask, for scripts' } },
  examples: ['npm run reset', 'npm run reset -- --yes'],
})

async function main(): Promise<void> {
  const folder = stateFolder()
  if (!existsSync(folder)) return console.log('There is no local data.')
  const lock = lockState('npm run reset')
  if (!values.yes && !(await isConfirmed(folder))) throw new Error('Nothing is deleted.')
  for (const name of readdirSync(folder).filter((one) => one !== LOCK_FILE))
    rmSync(join(folder, name), { recursive: true, force: true })
  lock.release()
  removeIfEmpty(folder)
  console.log('The local data is deleted. npm start creates it again.')
}

async function isConfirmed(folder: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY)
    throw new Error(`This deletes all data in ${folder}. To do it without a question: npm run reset -- --yes`)
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  // Ctrl-D and Ctrl-C close the terminal without an answer.
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')))
  const answer = await Promise.race([terminal.question(`Delete all data in ${folder}? [y/N] `), closed])
  terminal.close()
  return /^y(es)?$/i.test(answer.trim())
}

/** It is not if another command has locked it meanwhile. */
function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // The next command uses it.
  }
}

await main().catch((error) => {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
})

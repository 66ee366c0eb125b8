import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { delimiter, join } from 'node:path'
import { commandLine } from './lib/command-line.ts'
import { ROOT } from './lib/local-state.ts'
import { stopWithParent } from './lib/parent.ts'
import { TOOLS } from './lib/tools.ts'

/** `scripts/tool.ts NAME …`: runs a script of package.json that is a program of others. */
const [name = ''] = process.argv.splice(2, 1)
const tool = TOOLS[name]
if (!tool) throw new Error(`No tool ${name}`)
const { own, rest } = commandLine(tool.spec)
for (const command of tool.commands([...own, ...rest])) {
  process.exitCode = await run(command)
  if (process.exitCode !== 0) break
}

async function run([program = '', ...args]: string[]): Promise<number> {
  const PATH = [join(ROOT, 'node_modules/.bin'), process.env.PATH].join(delimiter)
  const child = spawn(program, args, { cwd: ROOT, env: { ...process.env, PATH }, stdio: 'inherit' })
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  // A terminal sends SIGINT to the child as well.
  const forward = (signal: NodeJS.Signals) => signal !== 'SIGINT' && child.kill(signal)
  for (const signal of signals) process.on(signal, forward)
  stopWithParent(() => child.kill())
  const [code, signal] = await once(child, 'exit')
  for (const each of signals) process.off(each, forward)
  return typeof code === 'number' ? code : 128 + constants.signals[signal as NodeJS.Signals]
}

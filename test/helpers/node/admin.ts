import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { runCommand } from '../../../scripts/admin/run.ts'
import { ROOT } from '../../../scripts/lib/local-state.ts'

/** Does not use `spawnSync`, because a blocked process does not notice that a server has closed an idle connection. */
export async function runAdmin(state: string, ...args: string[]) {
  const child = spawn(process.execPath, [join(ROOT, 'scripts/admin.ts'), ...args], {
    cwd: ROOT,
    env: { ...process.env, TICKETING_STATE: state },
  })
  const ended = once(child, 'close')
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = await ended
  return { code, out: out.trim(), err: err.trim() }
}

/**
 * The same within this process, because a command takes longer to load than to run. Not for `restore`, which locks the data
 * until its process ends.
 */
export async function runAdminHere(state: string, ...args: string[]) {
  const { TICKETING_STATE } = process.env
  process.env.TICKETING_STATE = state
  try {
    return { code: 0, out: (await runCommand(args)).trim(), err: '' }
  } catch (error) {
    return { code: 1, out: '', err: (error instanceof Error ? error.message : String(error)).trim() }
  } finally {
    if (TICKETING_STATE === undefined) delete process.env.TICKETING_STATE
    else process.env.TICKETING_STATE = TICKETING_STATE
    // Lets this process notice which connections the server has closed meanwhile.
    await setImmediate()
  }
}

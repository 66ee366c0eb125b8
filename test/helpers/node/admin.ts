import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
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

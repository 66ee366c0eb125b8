import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../scripts/lib/local-state.ts'

export interface Checkout {
  root: string
  commit: string
  remove(): void
}

/** Throws if the commit does not exist. */
export function checkOut(ref: string): Checkout {
  const commit = git('rev-parse', '--short', '--verify', `${ref}^{commit}`)
  const root = join(mkdtempSync(join(tmpdir(), 'ticketing-against-')), commit)
  git('worktree', 'add', '--detach', root, commit)
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'))
  const remove = () => {
    git('worktree', 'remove', '--force', root)
    rmSync(join(root, '..'), { recursive: true, force: true })
  }
  return { root, commit, remove }
}

function git(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' })
  if (status !== 0) throw new Error(`git ${args.join(' ')} failed:\n${stderr}`)
  return stdout.trim()
}

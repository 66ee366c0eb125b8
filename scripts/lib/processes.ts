import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

export interface ProcessIdentity {
  pid: number
  /** Differs from that of an earlier process with the same ID; null if the system does not report it. */
  started: string | null
}

export function identityOf(pid: number): ProcessIdentity {
  return { pid, started: isLinux() ? linuxStatus(pid).started : psStartTime(pid) }
}

/** Whether this very process still runs, not another one that got its ID later. */
export function isRunning({ pid, started }: ProcessIdentity): boolean {
  if (!exists(pid)) return false
  // A zombie has ended, and keeps its ID until its parent notices.
  if (isLinux() && linuxStatus(pid).isZombie) return false
  const current = identityOf(pid).started
  return started === null || current === null || started === current
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

const isLinux = () => process.platform === 'linux'

/** See proc_pid_stat(5). The name of the program is in parentheses and may contain any character. */
function linuxStatus(pid: number): { isZombie: boolean; started: string | null } {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { isZombie: fields[0] === 'Z' || fields[0] === 'X', started: fields[19] ?? null }
  } catch {
    return { isZombie: false, started: null }
  }
}

function psStartTime(pid: number): string | null {
  const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' })
  return stdout?.trim() || null
}

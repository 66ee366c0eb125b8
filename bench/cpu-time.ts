import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts CPU time in hundredths of a second. */
const MILLISECONDS_PER_TICK = 10

/** Null on systems other than Linux. */
export function cpuMilliseconds(pid: number): number | null {
  const fields = statOf(pid)
  return fields && (Number(fields[11]) + Number(fields[12])) * MILLISECONDS_PER_TICK
}

/** Null on systems other than Linux. */
export function findChild(parent: number, name: string): number | null {
  const pids = list('/proc').filter((entry) => /^\d+$/.test(entry))
  const found = pids.find((pid) => statOf(pid)?.[1] === String(parent) && read(`/proc/${pid}/comm`)?.trim() === name)
  return found === undefined ? null : Number(found)
}

/** Null on systems other than Linux. */
export function findInGroup(group: number, name: string): number | null {
  const pids = list('/proc').filter((entry) => /^\d+$/.test(entry))
  const found = pids.find((pid) => statOf(pid)?.[2] === String(group) && read(`/proc/${pid}/comm`)?.trim() === name)
  return found === undefined ? null : Number(found)
}

/** The fields of `/proc/<pid>/stat` after the name, which may contain spaces: state, parent, group, …; see proc(5). */
function statOf(pid: number | string): string[] | null {
  const stat = read(`/proc/${pid}/stat`)
  return stat === null ? null : stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

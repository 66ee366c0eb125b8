import { readFileSync, writeFileSync } from 'node:fs'

const KIB_PER_MIB = 1_024
/** See proc(5), `clear_refs`: resets the peak to the current value. */
const RESET_PEAK = '5'

/** Starts a measurement and returns the current value (MiB). Linux only. */
export function watchResident(pid: number): number {
  writeFileSync(`/proc/${pid}/clear_refs`, RESET_PEAK)
  return field(pid, 'VmRSS')
}

/** The peak (MiB) since `watchResident`. */
export function peakResident(pid: number): number {
  return field(pid, 'VmHWM')
}

function field(pid: number, name: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]
  if (found === undefined) throw new Error(`the system does not report ${name} of a process`)
  return Number(found) / KIB_PER_MIB
}

import { readFileSync, writeFileSync } from 'node:fs'

const KIB_A_MIB = 1_024
/** See proc(5), `clear_refs`: the peak begins anew at what is resident now. */
const FORGET_PEAK = '5'

/** Begins a measurement of a process's resident memory: gives what it is now (MiB). Linux alone tells. */
export function watchResident(pid: number): number {
  writeFileSync(`/proc/${pid}/clear_refs`, FORGET_PEAK)
  return field(pid, 'VmRSS')
}

/** The most that a process had resident (MiB) since `watchResident`. */
export function peakResident(pid: number): number {
  return field(pid, 'VmHWM')
}

function field(pid: number, name: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]
  if (found === undefined) throw new Error(`the system does not tell ${name} of a process`)
  return Number(found) / KIB_A_MIB
}

import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'

const MEMORY = { folder: '/dev/shm', bytesNeeded: 1024 ** 3 }

/** Temporary files go to memory if there is room; waiting for the disk takes a fifth of the time otherwise. */
export function writeToMemory(): void {
  if (!existsSync(MEMORY.folder)) return
  const { bavail, bsize } = statfsSync(MEMORY.folder)
  if (bavail * bsize < MEMORY.bytesNeeded) return
  const folder = mkdtempSync(`${MEMORY.folder}/ticketing-tests-`)
  process.env.TMPDIR = folder
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
}

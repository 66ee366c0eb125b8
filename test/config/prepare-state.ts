import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { ROOT } from '../../scripts/lib/local-state.ts'
import { temporaryState } from '../helpers/node/server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    preparedState: string
  }
}

/** Prepares the state of a first `npm start` once; each file starts on a copy. */
export default function setup({ provide }: TestProject): () => void {
  const { folder, remove } = temporaryState()
  const env = { ...process.env, TICKETING_STATE: folder }
  execFileSync(process.execPath, [join(ROOT, 'scripts/prepare.ts')], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  provide('preparedState', folder)
  return remove
}

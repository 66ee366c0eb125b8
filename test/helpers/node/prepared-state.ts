import { cpSync } from 'node:fs'
import { inject } from 'vitest'
import { temporaryState } from './server.ts'

/** A copy of the state of a first `npm start`. */
export function preparedState(): ReturnType<typeof temporaryState> {
  const state = temporaryState()
  cpSync(inject('preparedState'), state.folder, { recursive: true })
  return state
}

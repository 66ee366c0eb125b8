import { cpSync } from 'node:fs'
import { inject } from 'vitest'
import { temporaryState } from './server.ts'

/** A new folder with the state that a first `npm start` makes: a start on it has nothing to prepare. */
export function preparedState(): ReturnType<typeof temporaryState> {
  const state = temporaryState()
  cpSync(inject('preparedState'), state.folder, { recursive: true })
  return state
}

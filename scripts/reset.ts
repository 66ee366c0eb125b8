import { rmSync } from 'node:fs'
import { stateFolder } from './lib/local-state.ts'
import { parseOptions } from './lib/options.ts'

/** `npm run reset`: deletes all local data. The next start creates it again. */
try {
  parseOptions({ options: {} }, 'README.md')
  rmSync(stateFolder(), { recursive: true, force: true })
  console.log('The local data is gone. npm start makes it anew.')
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
}

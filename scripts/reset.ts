import { rmSync } from 'node:fs'
import { stateFolder } from './lib/local-state.ts'

/** `npm run reset`: forgets all local data. The next start makes it anew. */
rmSync(stateFolder(), { recursive: true, force: true })
console.log('The local data is gone. npm start makes it anew.')

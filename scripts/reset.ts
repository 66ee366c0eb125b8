import { rmSync } from 'node:fs'
import { commandLine } from './lib/command-line.ts'
import { stateFolder } from './lib/local-state.ts'

commandLine({
  name: 'npm run reset',
  about: 'Deletes all local data. The next npm start creates it again, with the demo data.',
  examples: ['npm run reset'],
})
rmSync(stateFolder(), { recursive: true, force: true })
console.log('The local data is deleted. npm start creates it again.')

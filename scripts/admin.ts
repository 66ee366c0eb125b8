import { runCommand } from './admin/run.ts'

/** `npm run admin -- COMMAND …`: commands for operators. */
try {
  console.log(await runCommand(process.argv.slice(2)))
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
}

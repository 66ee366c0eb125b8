import { resetSweeper } from '../helpers/sweeper'

/** Another file may have scheduled an alarm in the same runtime. */
await resetSweeper()

import { forgetSweeper } from '../helpers/sweeper'

/** The sweeper may have an alarm that another file has armed in the same runtime, and sweep in the midst of a test. */
await forgetSweeper()

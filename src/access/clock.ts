import { MINUTE } from '../lib/time'

/**
 * The largest difference (ms) that is expected between the clocks of two machines. A stored time that is further ahead was
 * written under a clock that ran ahead, and must not block a caller until then.
 */
export const CLOCK_MARGIN = 2 * MINUTE

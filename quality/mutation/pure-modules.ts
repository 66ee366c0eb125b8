/** Modules without I/O, each by a name it exports, and the tests that must kill every mutant of Stryker in them. */
export const PURE_MODULES: Record<string, string> = {
  hit: 'test/access/window.test.ts',
  readCursor: 'test/http/cursor.test.ts',
  parseRange: 'test/http/byte-ranges.test.ts',
  isCleanText: 'test/lib/text.test.ts',
  parseInstant: 'test/lib/time.test.ts',
  ExpiringSet: 'test/lib/expiring-set.test.ts',
  targetUrlProblem: 'test/webhooks/ssrf-guard.test.ts',
  allowedFromStatuses: 'test/core/policy.test.ts',
  nextAttemptAt: 'test/webhooks/retry-schedule.test.ts',
}

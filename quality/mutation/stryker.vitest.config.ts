import { defineConfig } from 'vitest/config'
import { PURE_MODULES } from './pure-modules.ts'

// With another time zone than UTC, tests detect times that are read without their zone.
process.env.TZ = 'Asia/Kolkata'

/** Runs in Node: these tests need no Worker. */
export default defineConfig({ test: { include: Object.values(PURE_MODULES) } })

import { defineConfig } from 'vitest/config'
import { PURE_MODULES } from './pure-modules.ts'

// A time read without its zone must not pass for UTC.
process.env.TZ = 'Asia/Kolkata'

/** Runs in Node: these tests need no Worker. */
export default defineConfig({ test: { include: Object.values(PURE_MODULES) } })

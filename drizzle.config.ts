import { defineConfig } from 'drizzle-kit'

export default defineConfig({
  dialect: 'sqlite',
  schema: ['./src/db/schema.ts', './src/db/ticket-schema.ts', './src/db/webhook-schema.ts'],
  out: './migrations',
})

import { defineConfig } from 'drizzle-kit'

export default defineConfig({
  dialect: 'sqlite',
  schema: ['./src/db/schema/accounts.ts', './src/db/schema/tickets.ts', './src/db/schema/webhooks.ts'],
  out: './migrations',
})

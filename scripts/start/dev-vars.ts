import { randomBytes } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'

/** Gives `.dev.vars` a secret for this machine, so that no published one is used. Keeps what the file has. */
export function ensureSecret(file: string): void {
  const secret = `APP_SECRET=${randomBytes(32).toString('hex')}`
  if (!existsSync(file)) {
    writeFileSync(file, newFile(secret), { mode: 0o600 })
    return
  }
  const text = readFileSync(file, 'utf8')
  if (/^[ \t]*(export[ \t]+)?APP_SECRET[ \t]*=[ \t]*\S/m.test(text)) return
  appendFileSync(file, `${text === '' || text.endsWith('\n') ? '' : '\n'}${secret}\n`)
}

function newFile(secret: string): string {
  const lines = [
    '# Written by npm start for local development. Each line overrides a variable of wrangler.toml.',
    secret,
    '# Webhooks may go to this machine, over plain http. Never set this where the service is deployed.',
    'ALLOW_PRIVATE_WEBHOOKS=true',
  ]
  return `${lines.join('\n')}\n`
}

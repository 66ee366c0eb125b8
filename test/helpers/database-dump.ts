import { env } from 'cloudflare:workers'

/**
 * Everything that is stored: the rows of all tables by table, those of the full-text index and of migrations included, and the
 * objects. Bytes are shown as Latin-1.
 */
export async function dumpDatabase(): Promise<Map<string, string>> {
  const { results: tables } = await env.DB.prepare(
    `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_cf_*' AND name NOT GLOB 'sqlite_*'`,
  ).all<{ name: string }>()
  const dump = new Map<string, string>()
  for (const { name } of tables) {
    const { results } = await env.DB.prepare(`SELECT * FROM "${name}"`).all()
    dump.set(name, results.map((row) => Object.values(row).map(textOf).join(' ')).join('\n'))
  }
  dump.set('objects', await dumpObjects())
  return dump
}

async function dumpObjects(): Promise<string> {
  const { objects, truncated } = await env.FILES.list({ include: ['httpMetadata', 'customMetadata'] })
  if (truncated) throw new Error('There are too many objects to dump')
  const texts = objects.map(async ({ key, httpMetadata, customMetadata }) => {
    const body = await env.FILES.get(key)
    return `${key} ${JSON.stringify([httpMetadata, customMetadata])} ${await body?.text()}`
  })
  return (await Promise.all(texts)).join('\n')
}

/** The full-text index stores a word without the beginning that it shares with the word before: compare the end of words. */
export function tablesWith(dump: ReadonlyMap<string, string>, end: string): string[] {
  return [...dump].filter(([, text]) => text.toLowerCase().includes(end)).map(([name]) => name)
}

function textOf(value: unknown): string {
  return Array.isArray(value) || value instanceof ArrayBuffer
    ? Buffer.from(value as ArrayBuffer).toString('latin1')
    : String(value)
}

import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const INLINE_SCRIPT = /<script(?: id="[\w-]+")?>([\s\S]*?)<\/script>/g

/** Moves scripts in the page into files, because the content security policy allows no others. */
export function externalizeScripts(html: string, outDir: string): string {
  return html.replace(INLINE_SCRIPT, (_element, script: string) => {
    const name = `assets/inline.${createHash('sha256').update(script).digest('hex').slice(0, 12)}.js`
    writeFileSync(join(outDir, name), script)
    return `<script src="/docs/${name}"></script>`
  })
}

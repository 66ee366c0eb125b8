import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import { ROOT } from '../../../scripts/lib/local-state.ts'

const Manifest = z.object({ scripts: z.record(z.string(), z.string()) })

/** The scripts of package.json. */
export const SCRIPTS = Manifest.parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))).scripts

const NAMES = [
  ...['src', 'scripts', 'bench', 'quality', 'test', 'packages', 'public', 'migrations', 'site', 'docs'],
  ...['package.json', 'package-lock.json', 'tsconfig.json', 'wrangler.toml', 'vitest.config.ts', 'drizzle.config.ts'],
  'openapi.json',
]

/** A copy of the project without `.dev.vars`, local data and, unless wanted, `node_modules`. */
export function copyProject({ linksModules }: { linksModules: boolean }): { root: string; remove(): void } {
  const root = mkdtempSync(join(tmpdir(), 'ticketing-project-'))
  const isCopied = (path: string) => !/\/(node_modules|\.cache|dist)$/.test(path)
  for (const name of NAMES) cpSync(join(ROOT, name), join(root, name), { recursive: true, filter: isCopied })
  if (linksModules) symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'))
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) }
}

/** Runs a script of package.json as npm does. */
export async function runScript(root: string, name: string, ...args: string[]) {
  const [, ...script] = SCRIPTS[name]?.split(' ') ?? []
  const child = spawn(process.execPath, [...script, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'close')
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = await ended
  return { code, out: out.trim(), err: err.trim() }
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openDatabase } from '../../scripts/admin/database.ts'
import { ROOT } from '../../scripts/lib/local-state.ts'
import { OFFLINE } from '../helpers/node/deploy-config.ts'
import { blocksOf, patternOfShown } from '../helpers/node/documents.ts'
import { BLOCKS } from '../helpers/node/operations.ts'
import { preparedState } from '../helpers/node/prepared-state.ts'
import { temporaryState } from '../helpers/node/server.ts'

/** The local commands in docs/operations.md print what the page shows. They run in its order, on one state. */

const from = preparedState()
const into = temporaryState()

/** Its example shows an API key, which needs a server: test/scripts/backup.e2e.test.ts runs it. */
const NEEDS_SERVER = 'npm run admin -- after-restore'

const isLocal = (code: string) => !/--remote|npx|rclone/.test(code) && !/^npm run deploy(?!.*--dry-run)/m.test(code)
const local = blocksOf('docs/operations.md')
  .filter(({ language, code, shown }) => language === 'sh' && shown?.kind === 'text' && isLocal(code))
  .map(({ code, shown, location }) => ({ code, location, shown: shown?.text ?? '' }))
const examples = local.filter(({ code }) => !code.startsWith(NEEDS_SERVER))

async function run(code: string): Promise<string> {
  const variables = { TICKETING_STATE: from.folder, FROM: from.folder, INTO: into.folder }
  const PATH = `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`
  const child = spawn('bash', ['-uo', 'pipefail', '-c', code.replaceAll('npm run ', 'npm run --silent ')], {
    cwd: ROOT,
    env: { ...process.env, ...OFFLINE, ...variables, BACKUP: join(from.folder, 'all.backup'), PATH },
  })
  const ended = once(child, 'close')
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  await ended
  return out + err
}

/** Numbers, times and the widths of columns are examples. */
function normalized(output: string): string {
  return output
    .trim()
    .replace(/\S*all\.backup/g, 'all.backup')
    .replace(/\d+/g, '0')
    .replace(/ {2,}/g, '  ')
    .replace(/-{3,}/g, '---')
    .replace(/ +$/gm, '')
}

let printed: string[] = []

beforeAll(async () => {
  for (const { code } of examples) printed = [...printed, await run(code)]
})

afterAll(() => {
  from.remove()
  into.remove()
})

describe('docs/operations.md', () => {
  it('shows the output of local commands', () => {
    expect(examples.length).toBeGreaterThan(7)
    expect(local.length - examples.length).toBe(1)
  })

  it.each(examples.map((example, index) => ({ ...example, index })))('shows the output at $location', (example) => {
    expect(normalized(printed[example.index] ?? '')).toMatch(patternOfShown(normalized(example.shown), 'whole'))
  })

  it('shows SQL that the database runs', () => {
    vi.stubEnv('TICKETING_STATE', from.folder)
    const statements = BLOCKS.flatMap(({ script }) => [...script.matchAll(/--command "([^"]+)"/g)]).map(
      ([, sql]) => sql,
    )
    expect(statements.length).toBeGreaterThan(0)
    for (const sql of statements) expect(openDatabase().run(sql ?? '')).toEqual([[{ waiting: 0, due: 0 }]])
  })
})

import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { findChild } from './cpu-time.ts'
import { startRuntime } from './runtime.ts'

/**
 * A process of its own that serves a bundle with a configuration over the data in a folder, tells its parent the address
 * and the runtime's process, and gives it log lines that it asks for. It ends, and takes the folder with it, once the
 * parent lets go of it or dies.
 */
async function main(config: string, file: string, folder: string): Promise<void> {
  const letGo = once(process, 'disconnect')
  const lines = recentLines()
  const server = startRuntime({ config, file }, folder, lines.add)
  process.on('message', (requestId: string) => process.send?.({ requestId, line: lines.find(requestId) }))
  try {
    await Promise.race([server.ready.then(tellParent), letGo])
    await letGo
  } finally {
    await server.dispose()
    rmSync(folder, { recursive: true, force: true })
  }
}

function tellParent({ origin }: URL): void {
  process.send?.({ origin, runtime: findChild(process.pid, 'workerd') })
}

/** The latest lines of the log, unread: a server that is under load must not spend its time on them. */
function recentLines() {
  const kept: string[] = Array.from({ length: 256 }, () => '')
  let next = 0
  return {
    add: (line: string) => {
      kept[next] = line
      next = (next + 1) % kept.length
    },
    find: (text: string) => kept.find((line) => line.includes(text)) ?? null,
  }
}

const [config, file, folder] = process.argv.slice(2)
if (!config || !file || !folder) throw new Error('a configuration, a bundle and a folder must be named')
await main(config, file, folder)

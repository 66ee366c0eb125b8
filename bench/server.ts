import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { findChild } from './cpu-time.ts'
import { startRuntime } from './runtime.ts'

/**
 * A separate process that serves a bundle on the data in a folder. It sends its parent the URL, the runtime's process
 * and requested log lines. It deletes the folder and exits when the parent disconnects or exits.
 */
async function main(config: string, file: string, folder: string): Promise<void> {
  const exit = once(process, 'disconnect')
  const lines = recentLines()
  const server = startRuntime({ config, file }, folder, lines.add)
  process.on('message', (requestId: string) => process.send?.({ requestId, line: lines.find(requestId) }))
  try {
    await Promise.race([server.ready.then(sendToParent), exit])
    await exit
  } finally {
    await server.dispose()
    rmSync(folder, { recursive: true, force: true })
  }
}

function sendToParent({ origin }: URL): void {
  process.send?.({ origin, runtime: findChild(process.pid, 'workerd') })
}

/** The latest log lines, unparsed, because a server under load must not spend time on them. */
function recentLines() {
  const buffer: string[] = Array.from({ length: 256 }, () => '')
  let next = 0
  return {
    add: (line: string) => {
      buffer[next] = line
      next = (next + 1) % buffer.length
    },
    find: (text: string) => buffer.find((line) => line.includes(text)) ?? null,
  }
}

const [config, file, folder] = process.argv.slice(2)
if (!config || !file || !folder) throw new Error('arguments: configuration, bundle, folder')
await main(config, file, folder)

import { startReceiver } from '../../scripts/listen/receiver.ts'

/** A receiver that outlives the server. Sends its URL to its parent, then every request. */
const receiver = await startReceiver(0, (request) => {
  process.send?.(request)
  return { status: 204 }
})
process.once('disconnect', () => void receiver.close())
process.send?.(receiver.url)

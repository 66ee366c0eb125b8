import { startReceiver } from '../../scripts/listen/receiver.ts'

/** A receiver that outlives the server: tells its parent its address, then everything that comes. */
const receiver = await startReceiver(0, (request) => {
  process.send?.(request)
  return { status: 204 }
})
process.once('disconnect', () => void receiver.close())
process.send?.(receiver.url)

const LOOK_EVERY_MS = 500

/**
 * Calls `stop` once the process that started this one has ended. A signal to npm ends npm and the shell between, which
 * passes nothing on: what npm runs would stay, and keep its port.
 */
export function stopWithParent(stop: () => void): void {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    stop()
  }, LOOK_EVERY_MS)
  timer.unref()
}

const POLL_MS = 500

/**
 * Calls `stop` once the parent process has ended. A signal to npm ends npm and the shell, which do not forward it: the
 * command would keep running, and keep its port.
 */
export function stopWithParent(stop: () => void): void {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    stop()
  }, POLL_MS)
  timer.unref()
}

const started = performance.now()

const SECONDS_BETWEEN = 5

export function elapsedSeconds(): number {
  return (performance.now() - started) / 1_000
}

export function log(text: string): void {
  console.log(`${clock()}  ${text}`)
}

/** Shows progress on one line of a terminal, and now and then elsewhere. */
export function startProgress(text: string): (share: number) => void {
  let shownShare = elapsedSeconds()
  return (share) => {
    const line = `${clock()}  ${text}: ${Math.floor(share * 100)} %`
    if (process.stdout.isTTY) process.stdout.write(`\r${line}${share >= 1 ? '\n' : ''}`)
    else if (share >= 1 || elapsedSeconds() - shownShare > SECONDS_BETWEEN) {
      shownShare = elapsedSeconds()
      console.log(line)
    }
  }
}

function clock(): string {
  const seconds = Math.floor(elapsedSeconds())
  return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`
}

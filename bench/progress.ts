const started = performance.now()

const SECONDS_BETWEEN = 5

/** Seconds since the start of the run. */
export function elapsedSeconds(): number {
  return (performance.now() - started) / 1_000
}

/** Tells what goes on, and how far the run has come. */
export function tell(text: string): void {
  console.log(`${clock()}  ${text}`)
}

/** Tells what share of something is done, as it goes on: in one line of a terminal, now and then elsewhere. */
export function sharesTold(text: string): (share: number) => void {
  let told = elapsedSeconds()
  return (share) => {
    const line = `${clock()}  ${text}: ${Math.floor(share * 100)} %`
    if (process.stdout.isTTY) process.stdout.write(`\r${line}${share >= 1 ? '\n' : ''}`)
    else if (share >= 1 || elapsedSeconds() - told > SECONDS_BETWEEN) {
      told = elapsedSeconds()
      console.log(line)
    }
  }
}

function clock(): string {
  const seconds = Math.floor(elapsedSeconds())
  return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`
}

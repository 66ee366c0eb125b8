import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { formatLogLine, requestIn } from './log-line.ts'

interface Options {
  /** Prints the Worker's JSON lines as they are. */
  isVerbose: boolean
  /** Requests with this ID are not printed. */
  ownRequestId: string
}

/** Prints what the Worker logs and errors of wrangler, without wrangler's other messages. */
export function printServerOutput({ stdout, stderr }: ChildProcess, options: Options): void {
  if (stdout) forEachLine(stdout, (line) => printLine(line, options))
  const isOfWarning = warningFilter()
  if (stderr) forEachLine(stderr, (line) => isOfWarning(line) || printErrorLine(line, options))
}

/** Wrangler prints what the Worker logs as an error like an error of its own. */
function printErrorLine(line: string, options: Options): void {
  const logged = stripVTControlCharacters(line).replace(/^✘ \[ERROR\] /, '')
  if (formatLogLine(logged, new Date()) === null) console.error(line)
  else printLine(logged, options)
}

function printLine(line: string, { isVerbose, ownRequestId }: Options): void {
  if (isWranglerMessage(line) || requestIn(line)?.request_id === ownRequestId) return
  console.info(isVerbose ? line : (formatLogLine(line, new Date()) ?? line))
}

function forEachLine(stream: Readable, use: (line: string) => void): void {
  // Wrangler colors some messages even where there is no terminal.
  const isTerminal = process.stdout.isTTY
  createInterface({ input: stream }).on('line', (line) => use(isTerminal ? line : stripVTControlCharacters(line)))
}

const WRANGLER_MESSAGES = [
  /^\s*$/,
  /^\[(custom build|wrangler:\w+)\]/,
  /^(⎔|❓|🪵|╭|│|╰|─|⛅)/u,
  /^(Using secrets|Your Worker has access|Binding +Resource +Mode|env\.\w+( \(.*\))? +\w)/,
]

/** Everything else on stdout is of the Worker, such as `console.log` while somebody debugs it. */
export function isWranglerMessage(line: string): boolean {
  const text = stripVTControlCharacters(line)
  return WRANGLER_MESSAGES.some((pattern) => pattern.test(text))
}

/** Whether a line belongs to a warning of wrangler: after its title it has empty and indented lines. */
function warningFilter(): (line: string) => boolean {
  let isInWarning = false
  return (line) => {
    const text = stripVTControlCharacters(line)
    if (text.includes('[WARNING]')) isInWarning = true
    else if (/^\S/.test(text)) isInWarning = false
    return isInWarning || text.trim() === '' || text.startsWith('🪵')
  }
}

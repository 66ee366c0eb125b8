import type { RouteResult } from './measure.ts'
import { type Results, readingsOf } from './results.ts'

/**
 * A line for each route with a mark for each size; larger accounts have smaller marks, so constant cost looks like a
 * target. Has its own background, so that it is legible on any page.
 */
export function plotOf(results: Results): string {
  const readings = readingsOf(results)
  const height = TOP + readings.length * LINE + BOTTOM
  const lines = readings.map((reading, line) => {
    const measured = results.sizes.map(({ routes }) => routes.find(({ route }) => route === reading.route))
    return lineOf(reading.route, line, reading.grows, measured)
  })
  const { sizes, measured_at } = results
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, 'DejaVu Sans', sans-serif" font-size="13">
  <title>Rows read and requests per second of each route, by the number of tickets</title>
  <style>${STYLE}</style>
  <rect class="ground" width="${WIDTH}" height="${height}" rx="8"/>
  ${legendOf(sizes.map(({ tickets }) => tickets))}
  ${bandsOf(readings.length)}
  ${axisOf(ROWS, 'rows read at D1, one request', readings.length)}
  ${axisOf(RATES, 'requests per second', readings.length)}
  ${lines.join('\n  ')}
  <text class="note" x="20" y="${height - 14}">Measured ${measured_at.slice(0, 10)}, everything on one machine; all figures are in bench/results.</text>
</svg>
`
}

const WIDTH = 960
const TOP = 96
const LINE = 25
const BOTTOM = 44
const LABELS_END = 322
/** By size, the smallest account first. */
const RADII = [8, 5.5, 3]

/** Powers of ten; `zero` is the position of 0. */
interface Scale {
  left: number
  right: number
  from: number
  to: number
  zero: number | null
}

const ROWS: Scale = { left: 370, right: 690, from: 1, to: 1e7, zero: 346 }
const RATES: Scale = { left: 742, right: 932, from: 0.1, to: 1e4, zero: null }

const LIGHT = `
    .ground { fill: #f8fafc } .route, .head { fill: #0f172a } .head { font-weight: 600 }
    .note { fill: #475569; font-size: 12px } .grid { stroke: #cbd5e1 } .band { fill: #eef2f7 }
    .ring { fill: none; stroke-width: 1.6; stroke: #1d4ed8 } .dot { fill: #1d4ed8 }
    .grows .ring, .grows .span { stroke: #c2410c } .grows .dot { fill: #c2410c } .span { stroke-width: 2 }`
const DARK = `
      .ground { fill: #0d1117 } .route, .head { fill: #e6edf3 } .note { fill: #9aa7b4 } .grid { stroke: #30363d }
      .band { fill: #161b22 } .ring { stroke: #79b8ff } .dot { fill: #79b8ff }
      .grows .ring, .grows .span { stroke: #ff9e64 } .grows .dot { fill: #ff9e64 }`
const STYLE = `${LIGHT}
    @media (prefers-color-scheme: dark) {${DARK}
    }
  `

function legendOf(sizes: readonly number[]): string {
  const marks = sizes.map((tickets, size) => {
    const x = LABELS_END + 20 + size * 140
    return `${markOf(x, 26, size, sizes.length)}<text class="note" x="${x + 14}" y="30">${thousands(tickets)} tickets</text>`
  })
  const x = LABELS_END + 24 + sizes.length * 140
  const growing = `<g class="grows"><line class="span" x1="${x - 8}" x2="${x + 12}" y1="26" y2="26"/></g>
  <text class="note" x="${x + 20}" y="30">grows with the account</text>`
  return `<text class="head" x="20" y="31" font-size="15">Cost by size of the account</text>
  ${marks.join('\n  ')}
  ${growing}`
}

function axisOf(scale: Scale, title: string, lines: number): string {
  const bottom = TOP + lines * LINE
  const powers = Math.round(Math.log10(scale.to / scale.from)) + 1
  const ticks = Array.from({ length: powers }, (_, power) => scale.from * 10 ** power).map((value) => ({
    at: positionOf(scale, value),
    label: shortly(value),
  }))
  if (scale.zero !== null) ticks.unshift({ at: scale.zero, label: '0' })
  const marks = ticks.map(
    ({ at, label }) => `<line class="grid" x1="${at}" x2="${at}" y1="${TOP - 4}" y2="${bottom}"/>
  <text class="note" x="${at}" y="${TOP - 12}" text-anchor="middle">${label}</text>`,
  )
  return `<text class="head" x="${scale.left}" y="${TOP - 34}">${title}</text>
  ${marks.join('\n  ')}`
}

function lineOf(
  name: string,
  line: number,
  isGrowing: boolean,
  measured: readonly (RouteResult | undefined)[],
): string {
  const y = TOP + line * LINE + LINE / 2
  const rows = measured.map((result) => result?.rows_read)
  const rates = measured.map((result) => result?.ours?.requests_per_second)
  return `<g${isGrowing ? ' class="grows"' : ''}><text class="route" x="20" y="${y + 4}">${escaped(name)}</text>
  ${isGrowing ? spanOf(ROWS, rows, y) : ''}${marksOf(ROWS, rows, y)}
  ${marksOf(RATES, rates, y)}</g>`
}

function bandsOf(lines: number): string {
  const tops = Array.from({ length: Math.ceil(lines / 2) }, (_, pair) => TOP + 2 * pair * LINE)
  return tops.map((y) => `<rect class="band" x="12" y="${y}" width="${WIDTH - 24}" height="${LINE}"/>`).join('')
}

function spanOf(scale: Scale, values: readonly (number | undefined)[], y: number): string {
  const positions = values.flatMap((value) => (value === undefined ? [] : [positionOf(scale, value)]))
  return `<line class="span" x1="${Math.min(...positions)}" x2="${Math.max(...positions)}" y1="${y}" y2="${y}"/>`
}

function marksOf(scale: Scale, values: readonly (number | undefined)[], y: number): string {
  return values
    .map((value, size) => (value === undefined ? '' : markOf(positionOf(scale, value), y, size, values.length)))
    .join('')
}

/** Rings, and a dot for the largest account. */
function markOf(x: number, y: number, size: number, sizes: number): string {
  const isLast = size === sizes - 1
  const radius = isLast ? RADII.at(-1) : RADII[size]
  return `<circle class="${isLast ? 'dot' : 'ring'}" cx="${x}" cy="${y}" r="${radius}"/>`
}

function positionOf({ left, right, from, to, zero }: Scale, value: number): number {
  if (value <= 0) return zero ?? left
  const share = Math.log10(Math.min(to, Math.max(from, value)) / from) / Math.log10(to / from)
  return Math.round((left + share * (right - left)) * 10) / 10
}

function shortly(value: number): string {
  if (value >= 1e6) return `${value / 1e6}M`
  return value >= 1e3 ? `${value / 1e3}k` : String(value)
}

function thousands(value: number): string {
  return value.toLocaleString('en')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

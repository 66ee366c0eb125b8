import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { unstable_readConfig } from 'wrangler'
import { ROOT, runWrangler } from '../scripts/lib/local-state.ts'

export interface Bundle {
  config: string
  file: string
}

/** Bundles the Worker like a deployment does. `label` distinguishes the bundles of a run. */
export function buildBundle(config: string, label = ''): Bundle {
  const { name, main } = unstable_readConfig({ config })
  if (!name || !main) throw new Error(`${config} has no name or no main`)
  const folder = join(ROOT, 'dist/bench', `${name}${label}`)
  runWrangler(['deploy', '--config', config, '--dry-run', '--outdir', folder])
  return { config, file: join(folder, basename(main).replace(/\.ts$/, '.js')) }
}

export interface BundleSize {
  bytes: number
  gzip_bytes: number
}

export function sizeOf({ file }: Bundle): BundleSize {
  const code = readFileSync(file)
  return { bytes: code.byteLength, gzip_bytes: gzipSync(code).byteLength }
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Why the scripts cannot run, in one line; null if they can.
 *
 * @param {string} root
 * @returns {string | null}
 */
export function installationProblem(root) {
  const installed = packagesIn(join(root, 'node_modules/.package-lock.json'))
  if (installed === null) return 'The dependencies are not installed. Run npm ci first.'
  const wanted = packagesIn(join(root, 'package-lock.json')) ?? {}
  const isOutdated = Object.entries(wanted).some(([path, one]) => path !== '' && !isInstalled(one, installed[path]))
  if (isOutdated) return 'node_modules does not match package-lock.json. Run npm ci first.'
  if (!process.features.typescript)
    return `Node ${process.versions.node} cannot run the scripts: use npm run, and npm ci without --ignore-scripts.`
  return null
}

/** npm omits optional packages for other platforms. */
function isInstalled(wanted, installed) {
  if (installed === undefined) return wanted.optional === true || wanted.devOptional === true
  return installed.version === wanted.version && installed.integrity === wanted.integrity
}

function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {}
  } catch {
    return null
  }
}

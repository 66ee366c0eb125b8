import { expect, it } from 'vitest'
import { ROOT } from '../../scripts/lib/local-state.ts'
import { findUnverifiedPackages, unverifiedPackagesIn } from '../../scripts/lib/lock-file.ts'

const integrity = `sha512-${'A'.repeat(86)}==`

it('finds packages without a SHA-512 of their content, on every platform', () => {
  const packages = {
    '': { name: 'project' },
    'packages/client': { version: '1.0.0' },
    'node_modules/client': { link: true },
    'node_modules/verified': { version: '1.0.0', integrity },
    'node_modules/unverified': { version: '1.0.0' },
    'node_modules/other-platform': { version: '1.0.0', optional: true, os: ['darwin'] },
    'node_modules/verified/node_modules/nested': { version: '1.0.0' },
    'node_modules/weak': { version: '1.0.0', integrity: 'sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA=' },
  }
  expect(findUnverifiedPackages(JSON.stringify({ packages }))).toEqual([
    'node_modules/unverified',
    'node_modules/other-platform',
    'node_modules/verified/node_modules/nested',
    'node_modules/weak',
  ])
})

it('finds none in the lock file of the project', () => {
  expect(unverifiedPackagesIn(`${ROOT}package-lock.json`)).toEqual([])
})

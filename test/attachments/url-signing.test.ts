import { describe, expect, it } from 'vitest'
import { signedPath, verifiedAccount } from '../../src/attachments/url-signing'

const NOW = Date.UTC(2026, 0, 1, 12, 30)
const KEY = Buffer.alloc(32, 1)
const file = { accountId: 'acct_a', id: 'attach_a', filename: 'a b.txt' }

function queryOf(path: string) {
  const { searchParams } = new URL(path, 'https://api.example.com')
  return { expires: searchParams.get('expires') ?? '', signature: searchParams.get('signature') ?? '' }
}

const query = queryOf(signedPath(file, KEY, NOW))
const accountOf = (changed: Partial<typeof query>, keys = [KEY]) =>
  verifiedAccount(file, { ...query, ...changed }, keys, NOW)

describe('the signature of a file URL', () => {
  it('contains its account, with any of the keys', () => {
    expect(accountOf({})).toBe('acct_a')
    expect(accountOf({}, [Buffer.alloc(32, 2), KEY])).toBe('acct_a')
    expect(accountOf({}, [Buffer.alloc(32, 2)])).toBeNull()
  })

  it('accepts one form of its expiry: no other text with the same number', () => {
    const { expires } = query
    const spellings = [`0${expires}`, `+${expires}`, ` ${expires}`, `${expires} `, `${expires}.0`, `${expires}e0`]
    const odd = [`0x${Number(expires).toString(16)}`, `${expires}\n`, '', '0', '-1', 'Infinity', '9'.repeat(13)]
    expect([...spellings, ...odd].filter((each) => accountOf({ expires: each }) !== null)).toEqual([])
  })

  it('has two nonempty parts', () => {
    const { signature } = query
    const [account, mac] = signature.split('.')
    const others = [`${signature}.`, `${signature}.x`, `.${mac}`, `${account}.`, String(mac), '', '.']
    expect(others.filter((each) => accountOf({ signature: each }) !== null)).toEqual([])
  })
})

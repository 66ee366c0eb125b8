import { describe, expect, it } from 'vitest'
import { DUMMY_HASH, hashPassword, verifyPassword } from '../../src/lib/passwords'
import { costOf, hashesDuring } from '../helpers/hashing'

describe('passwords', () => {
  it('are stored with their parameters and their own salt', async () => {
    const [one, two] = await Promise.all([hashPassword('your_password'), hashPassword('your_password')])
    expect(one).toMatch(/^scrypt\$16384\$8\$5\$[\w-]{22}\$[\w-]{43}$/)
    expect(one).not.toBe(two)
    expect(await verifyPassword('your_password', one)).toBe(true)
    expect(await verifyPassword('your_password', two)).toBe(true)
    expect(await verifyPassword('Your_password', one)).toBe(false)
    expect(await verifyPassword('', one)).toBe(false)
  })

  it('S03 work with 64 characters with emoji and spaces, and differ from their 63-character prefix', async () => {
    const password = `${'pass 😀 word é '.repeat(8)}`.slice(0, 63).padEnd(63, 'x')
    const longer = `${password}!`
    expect(longer).toHaveLength(64)
    const hash = await hashPassword(longer)
    expect(await verifyPassword(longer, hash)).toBe(true)
    expect(await verifyPassword(password, hash)).toBe(false)
    expect(await verifyPassword(longer.trimEnd(), hash)).toBe(true)
    expect(await verifyPassword(`${longer} `, hash)).toBe(false)
  })

  it('differ at their last of 128 characters', async () => {
    const hash = await hashPassword(`${'x'.repeat(127)}a`)
    expect(await verifyPassword(`${'x'.repeat(127)}a`, hash)).toBe(true)
    expect(await verifyPassword(`${'x'.repeat(127)}b`, hash)).toBe(false)
  })

  it('are equal for every keyboard encoding of an accent', async () => {
    const hash = await hashPassword('caf\u00e9 au lait')
    expect(await verifyPassword('cafe\u0301 au lait', hash)).toBe(true)
  })

  it('are verified with the stored parameters', async () => {
    const hash = await hashPassword('your_password')
    expect(await verifyPassword('your_password', hash.replace('$5$', '$4$'))).toBe(false)
  })

  const UNUSABLE = [null, '', 'plain', 'scrypt$16384$8$5', 'bcrypt$1$2$3$c2FsdA$a2V5', 'scrypt$16384$8$5$c2FsdA$a2V5']

  it.each(UNUSABLE)('S01 are rejected without a usable hash (%s), after one hash', async (hash) => {
    expect(await hashesDuring(async () => expect(await verifyPassword('your_password', hash)).toBe(false))).toBe(1)
  })

  it('S01 are compared with a dummy hash of the same cost if there is none', async () => {
    expect(costOf(DUMMY_HASH)).toEqual(costOf(await hashPassword('your_password')))
    expect(await verifyPassword('your_password', DUMMY_HASH)).toBe(false)
  })
})

import { createHash } from 'node:crypto'
import { tokensOf } from '../lib/search-tokens.ts'

/** 36 ** 13 is more than 2 ** 67: two accounts do not get the same key by chance. */
const KEY_LENGTH = 13

/** What every token of the account begins with in the search index: 13 characters, so that an index of prefixes can count them. */
export function searchKey(accountId: string): string {
  const hash = createHash('sha256').update(accountId).digest('hex')
  return BigInt(`0x${hash}`).toString(36).slice(0, KEY_LENGTH)
}

/** The key of the account and the tokens of a text, separated by spaces. Triggers put the key in front of each token. */
export function tokenText(accountId: string, text: string): string {
  return withKey(searchKey(accountId), text)
}

function withKey(key: string, text: string): string {
  return [key, ...tokensOf(text).map((token) => token.text)].join(' ')
}

/** The token for the tickets of a creator. Hexadecimal, because the index ignores the case of ASCII letters. */
export function creatorToken(key: string, userId: string): string {
  return `${key}${Buffer.from(userId).toString('hex')}`
}

/** The columns of a ticket from which triggers fill the search index. */
export function ticketTokens(accountId: string, { title, description }: { title: string; description: string }) {
  const key = searchKey(accountId)
  return { titleTokens: withKey(key, title), descriptionTokens: withKey(key, description) }
}

import type { Mutation } from './mutation.ts'
import { ADDRESSES } from './mutations/addresses.ts'
import { ANSWERS } from './mutations/answers.ts'
import { CREDENTIALS } from './mutations/credentials.ts'
import { DOCUMENT } from './mutations/document.ts'
import { DOUBTS } from './mutations/doubts.ts'
import { HEADERS } from './mutations/headers.ts'
import { LIMITS } from './mutations/limits.ts'
import { MEMBERS } from './mutations/members.ts'
import { ORIGINS } from './mutations/origins.ts'
import { RIGHTS } from './mutations/rights.ts'
import { RULES } from './mutations/rules.ts'
import { SIGNATURES } from './mutations/signatures.ts'
import { TRIGGERS } from './mutations/triggers.ts'
import { VISIBILITY } from './mutations/visibility.ts'

/** All that is judged one at a time; account conditions and guards are found in the source. */
export const MUTATIONS: Mutation[] = [
  ...RIGHTS,
  ...VISIBILITY,
  ...CREDENTIALS,
  ...DOUBTS,
  ...SIGNATURES,
  ...HEADERS,
  ...LIMITS,
  ...ADDRESSES,
  ...MEMBERS,
  ...ANSWERS,
  ...RULES,
  ...TRIGGERS,
  ...DOCUMENT,
  ...ORIGINS,
]

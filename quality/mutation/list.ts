import { CALLER_VERIFICATION } from './list/caller-verification.ts'
import { CREDENTIALS } from './list/credentials.ts'
import { DOCUMENT } from './list/document.ts'
import { ERASURES } from './list/erasures.ts'
import { HEADERS } from './list/headers.ts'
import { LIMITS } from './list/limits.ts'
import { LOGINS } from './list/logins.ts'
import { MEMBERS } from './list/members.ts'
import { ORIGINS } from './list/origins.ts'
import { PERMISSIONS } from './list/permissions.ts'
import { RESPONSES } from './list/responses.ts'
import { REVOCATION } from './list/revocation.ts'
import { RULES } from './list/rules.ts'
import { SIGNATURES } from './list/signatures.ts'
import { TRIGGERS } from './list/triggers.ts'
import { VISIBILITY } from './list/visibility.ts'
import { WEBHOOK_TARGETS } from './list/webhook-targets.ts'
import { WRITE_TIMES } from './list/write-times.ts'
import type { Mutation } from './mutation.ts'

/** All mutations but those of account conditions and guards, which are found in the source. */
export const MUTATIONS: Mutation[] = [
  ...PERMISSIONS,
  ...VISIBILITY,
  ...CREDENTIALS,
  ...REVOCATION,
  ...CALLER_VERIFICATION,
  ...SIGNATURES,
  ...HEADERS,
  ...LIMITS,
  ...WEBHOOK_TARGETS,
  ...LOGINS,
  ...MEMBERS,
  ...RESPONSES,
  ...RULES,
  ...WRITE_TIMES,
  ...ERASURES,
  ...TRIGGERS,
  ...DOCUMENT,
  ...ORIGINS,
]

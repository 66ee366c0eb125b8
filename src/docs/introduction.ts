import { ERROR_CATALOGUE } from '../http/openapi/error-catalogue'

/** In Markdown. */
export function introduction(): string {
  return [OVERVIEW, ERRORS, errorTable(), CONVENTIONS].join('\n\n')
}

const OVERVIEW = `A helpdesk over HTTP: tickets, comments, attachments and users of an account.

## Start
Log in with \`POST /auth/login\` and send the token as \`Authorization: Bearer …\` with every other request. Programs send an
API key the same way, or as \`X-API-Key\`; two different credentials at once are a 400. Use HTTPS: in production, plain HTTP
is refused with 403, and not redirected. Bodies are JSON, times are RFC 3339 in
UTC, IDs are opaque.

## Rate limits
100 requests a minute on a standard account and 300 on a premium one, counted by API key, by user, or by address where there
is no good credential. Every answer tells what is left: \`X-RateLimit-Limit\`, \`X-RateLimit-Remaining\` and
\`X-RateLimit-Reset\`, and the same as \`RateLimit-Policy\` and \`RateLimit\`. A request is counted when it starts. Over the limit the answer is 429, and
\`Retry-After\` says how many seconds to wait.`

const ERRORS = `## Errors
Every failure has one form: a \`code\` for programs, a \`message\` for people, and \`details\` that name each field. Branch on
the code. An unknown field or parameter is an error, so that a typo changes nothing in silence. White space around a name, a
title, a tag or an e-mail is dropped before it is looked at. A path that does not exist is a 404, another method on one that
does is a 405 with \`Allow\`.`

function errorTable(): string {
  const rows = Object.entries(ERROR_CATALOGUE).map(
    ([code, { meaning, example }]) => `| ${example.status} | \`${code}\` | ${meaning} |`,
  )
  return ['| Status | Code | Meaning |', '|---|---|---|', ...rows].join('\n')
}

const CONVENTIONS = `## Pages
Lists take \`page\` and \`per_page\` and answer with totals. For big lists start with an empty \`cursor\` and go on with
\`next_cursor\`: it costs the same however far you have come, and rows that come or go meanwhile neither repeat nor hide
others. \`Link\` names the pages around.

## Retries
Send an \`Idempotency-Key\` with a write, and it is safe to send it again: for 24 hours the same key with the same request gives
the first answer once more, with \`Idempotent-Replayed: true\`, and the deed is done once. \`/auth/…\` and \`/accounts\` do not
heed it.

## Concurrent changes
Tickets have an \`ETag\`. With \`If-Match\` a change is only made to the version you know, else the answer is 412; with
\`If-None-Match\` an unchanged ticket is a 304.

## What you have written, you can read
Reads may come from a replica that lags by seconds, but not within a minute of your own write. \`X-D1-Bookmark\`, sent back,
gives another process the same certainty.

## Every answer
carries \`X-Request-Id\`, which the log repeats, \`Server-Timing\`, and security headers: \`Strict-Transport-Security\`,
\`Content-Security-Policy\`, \`X-Content-Type-Options\`, \`X-Frame-Options\`, \`Referrer-Policy\` and
\`Cross-Origin-Resource-Policy\`. Scripts of any origin may call, without cookies. Every \`GET\` answers \`HEAD\` too.

## Versions
The version is in the path. A version or an operation that is to end says so at least six months before, in \`Deprecation\`
(RFC 9745) and \`Sunset\` (RFC 8594).`

import { ERROR_CATALOGUE } from '../http/openapi/error-catalogue'

/** In Markdown. */
export function introduction(): string {
  return [OVERVIEW, ERRORS, errorTable(), CONVENTIONS].join('\n\n')
}

const OVERVIEW = `A multi-tenant helpdesk API: tickets, comments, attachments, users and webhooks over REST.

New here? Read [Getting started](/docs/guides/getting-started).

## Authentication
Log in with \`POST /auth/login\` and send the token as \`Authorization: Bearer …\`. Programs send an API key in the same
header, or as \`X-API-Key\`; two different credentials in one request return 400. In production, plain HTTP returns 403. See
[Authentication](/docs/guides/authentication).

## Formats
Bodies are JSON in UTF-8. Times are RFC 3339 in UTC, to the second. IDs are opaque. Unknown fields and query parameters
return 400, so that a typo never changes or lists something else. White space around names, titles, tags and emails is removed.
Text on a single line, such as a name, title, tag, email, URL or file name, must have a visible character and none that changes
the direction of text (Unicode's \`Bidi_Control\`).

## Rate limits
A standard account has 100 requests per minute, a premium account 300. They are counted per API key, per user, or per IP
address if the request has no valid credential (IPv6: per /64 and, at ten times the limit, per /48). Every response shows the rest in \`X-RateLimit-Limit\`,
\`X-RateLimit-Remaining\` and \`X-RateLimit-Reset\`, and in \`RateLimit-Policy\` and \`RateLimit\`. Beyond the limit, the response
is 429 with \`Retry-After\` in seconds. See [Rate limits](/docs/guides/rate-limits).`

const ERRORS = `## Errors
Every error has the same form: a \`code\` for programs, a \`message\` for people, and \`details\` with an entry for each invalid
field. Branch on the code. See [Errors](/docs/guides/errors).`

function errorTable(): string {
  const rows = Object.entries(ERROR_CATALOGUE).map(
    ([code, { meaning, example }]) => `| ${example().status} | \`${code}\` | ${meaning} |`,
  )
  return ['| Status | Code | Meaning |', '|---|---|---|', ...rows].join('\n')
}

const CONVENTIONS = `## Pagination
Lists take \`page\` and \`per_page\` and return totals. For large lists, start with an empty \`cursor\` and continue with
\`next_cursor\`: every page costs the same, and rows that are added or deleted meanwhile neither repeat nor hide others. The
\`Link\` header has the URLs of the other pages. See [Pagination and export](/docs/guides/pagination).

## Idempotency
Send an \`Idempotency-Key\` with a write to make it safe to retry: for 24 hours, the same key with the same request returns the
first response again, with \`Idempotent-Replayed: true\`, and the operation runs once. \`/auth/…\` and \`/accounts\` ignore the
header. See [Idempotency](/docs/guides/idempotency).

## Concurrent changes
Tickets have an \`ETag\`. With \`If-Match\`, an update fails with 412 if the ticket has changed since you read it. With
\`If-None-Match\`, an unchanged ticket returns 304 without a body.

## Read your own writes
Reads may be served by a replica that lags a few seconds, except for one minute after your own write. Another process gets
the same guarantee by sending back \`X-D1-Bookmark\`.

## Headers of every response
\`X-Request-Id\` (also in the logs), \`Server-Timing\` and security headers: \`Strict-Transport-Security\`,
\`Content-Security-Policy\`, \`X-Content-Type-Options\`, \`X-Frame-Options\`, \`Referrer-Policy\` and
\`Cross-Origin-Resource-Policy\`. CORS allows every origin, without cookies. Every \`GET\` also supports \`HEAD\`.

## Versions
The version is part of the path. A version or operation that will be removed says so at least six months before, with
\`Deprecation\` (RFC 9745) and \`Sunset\` (RFC 8594). See [Versioning](/docs/guides/versioning).`

/** Of @scalar/fastify-api-reference, which contains the script. */
export const SCALAR_VERSION = '1.76.3'

/** The version in the name allows browsers to cache the file without revalidation. */
export const SCALAR_FILE = `scalar-${SCALAR_VERSION}.js`

/** Use the nonce of the `contentSecurityPolicy` of the same response. */
export function renderPage(nonce: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Ticketing API reference</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="Every operation of the Ticketing API, with examples that you can try.">
<meta name="color-scheme" content="light dark">
<meta property="csp-nonce" content="${nonce}">
<link rel="icon" href="/docs/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/docs/reference.css">
<script src="/docs/before-scalar.js" defer></script>
<script src="/docs/${SCALAR_FILE}" defer></script>
<script src="/docs/reference.js" defer></script>
</head>
<body>
<div id="reference"></div>
<noscript>This page needs JavaScript. The reference as data is at <a href="/openapi.json">/openapi.json</a>.</noscript>
</body>
</html>
`
}

/**
 * Allows files of this service only. Scalar writes `style` attributes, which a nonce cannot allow, and generates `data:` URLs
 * for icons and `blob:` URLs for images in responses.
 */
export function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src-elem 'self' 'nonce-${nonce}'`,
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

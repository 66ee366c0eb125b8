import { type ServerResponse, STATUS_CODES } from 'node:http'

/** Of the Free and Pro plans: https://developers.cloudflare.com/workers/platform/limits/#request-and-response-limits */
export const MAX_BODY_BYTES = 100_000_000
/** "Request header size" on the same page. The status for larger headers is not documented; nginx and Node send 431. */
export const MAX_HEADER_BYTES = 128 * 1024
/** "URL size" on the same page; https://developers.cloudflare.com/support/troubleshooting/http-status-codes/4xx-client-error/error-414/ */
export const MAX_URL_BYTES = 16 * 1024

type EdgeError = 413 | 414 | 431 | 502

/** Errors of the edge are HTML: https://developers.cloudflare.com/support/troubleshooting/http-status-codes/ */
export function errorPage(status: EdgeError): string {
  const title = `${status} ${STATUS_CODES[status]}`
  return `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n`
}

export function refuse(response: ServerResponse, status: EdgeError, rayId: string): void {
  if (response.headersSent || response.destroyed) return void response.destroy()
  response.writeHead(status, { 'Content-Type': 'text/html', 'CF-Ray': rayId, Server: 'cloudflare' })
  response.end(errorPage(status))
}

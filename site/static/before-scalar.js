// Runs before Scalar's script, so that it keeps to the page's content security policy.

// Its schema library would otherwise try to compile code from text, which is a violation even though it is caught.
globalThis.__zod_globalConfig = { jitless: true }

// Its editor and its messages write style elements without a nonce, and have no setting for one.
const { content: nonce } = document.querySelector('meta[property=csp-nonce]')
const createElement = Document.prototype.createElement
Document.prototype.createElement = function (...args) {
  const element = createElement.apply(this, args)
  if (element instanceof HTMLStyleElement) element.nonce = nonce
  return element
}

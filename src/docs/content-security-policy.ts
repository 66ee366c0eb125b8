const SHARED = {
  'default-src': "'none'",
  'script-src': "'self'",
  // Colors of code in the guides and sizes in the reference are `style` attributes, which a nonce cannot allow.
  'style-src-attr': "'unsafe-inline'",
  'connect-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
}

/** Allows files of this service only. Icons of the theme are `data:` URLs. */
export const GUIDES_POLICY = policyOf({ ...SHARED, 'style-src-elem': "'self'", 'img-src': "'self' data:" })

/** Scalar writes style elements, and generates `data:` URLs for icons and `blob:` URLs for images in responses. */
export function referencePolicy(nonce: string): string {
  return policyOf({ ...SHARED, 'style-src-elem': `'self' 'nonce-${nonce}'`, 'img-src': "'self' data: blob:" })
}

function policyOf(directives: Record<string, string>): string {
  return Object.entries(directives)
    .map(([name, sources]) => `${name} ${sources}`)
    .join('; ')
}

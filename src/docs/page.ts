/** Of @scalar/fastify-api-reference, which contains the script. */
export const SCALAR_VERSION = '1.76.3'

/** The version in the name allows browsers to cache the file without revalidation. */
export const SCALAR_FILE = `scalar-${SCALAR_VERSION}.js`

/** In the built reference page. */
export const NONCE_PLACEHOLDER = '__CSP_NONCE__'

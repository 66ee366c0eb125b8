export const SECRET_PATTERNS: readonly RegExp[] = [
  /eyJ[\w-]{8}/,
  /tk_live_/,
  /whsec_/,
  /signature=/,
  /\bv1,[A-Za-z0-9+/]{8}/,
]

import type { MarkdownRenderer } from 'vitepress'

const BASE = '/docs'
/** Served by the Worker, and no pages of VitePress. */
const OTHER_PAGES = /^\/(docs\/reference|openapi[\w.-]*\.json|llms[\w-]*\.txt|health)(#|$)/

/** Lets guides link to paths of this service, such as `/docs/reference` and `/openapi.json`. */
export function linksOfThisService(md: MarkdownRenderer): void {
  const render = md.renderer.rules.link_open
  md.renderer.rules.link_open = (tokens, index, options, env, self) => {
    const token = tokens[index]
    const href = String(token?.attrGet('href') ?? '')
    if (OTHER_PAGES.test(href)) {
      token?.attrSet('target', '_self')
      return self.renderToken(tokens, index, options)
    }
    if (href.startsWith(`${BASE}/`)) token?.attrSet('href', href.slice(BASE.length))
    return render?.(tokens, index, options, env, self) ?? self.renderToken(tokens, index, options)
  }
}

/** Vue would evaluate `{{ }}`. Code blocks have an attribute of VitePress against it. */
export function literalBraces(md: MarkdownRenderer): void {
  for (const name of ['text', 'code_inline'] as const) {
    const render = md.renderer.rules[name]
    md.renderer.rules[name] = (tokens, index, options, env, self) =>
      (render?.(tokens, index, options, env, self) ?? '').replaceAll('{{', '&#123;&#123;')
  }
}

import { createMarkdownRenderer } from 'vitepress'
import { NONCE_PLACEHOLDER, SCALAR_FILE } from '../../src/docs/page.ts'
import { ROOT } from '../lib/local-state.ts'
import { anchorOf, DOCUMENT, operationsOf, slug } from './operations.ts'

/** Links next to headings, which only VitePress styles, and attributes for Vue. */
const OF_THE_THEME = / <a class="header-anchor".*?<\/a>| v-pre| tabindex="-?\d"/g

type Render = (markdown: string) => string

/** The reference as plain HTML, which `reference.js` removes once Scalar shows the document. */
export async function referencePage(): Promise<string> {
  const markdown = await createMarkdownRenderer(ROOT)
  const render: Render = (text) => markdown.render(text, { cleanUrls: true }).replace(OF_THE_THEME, '')
  const { title, description } = DOCUMENT.info
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title} reference</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="Every operation of the ${title}: parameters, schemas, examples, and a form to try it.">
<meta name="color-scheme" content="light dark">
<meta property="csp-nonce" content="${NONCE_PLACEHOLDER}">
<link rel="icon" href="/docs/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/docs/reference.css">
<script src="/docs/before-scalar.js" defer></script>
<script src="/docs/${SCALAR_FILE}" defer></script>
<script src="/docs/reference.js" defer></script>
</head>
<body>
<header class="site-header">
<a class="site-title" href="/docs"><img src="/docs/favicon.svg" alt="" width="24" height="24">${title}</a>
<nav aria-label="Documentation"><a href="/docs">Guides</a><a href="/docs/reference" aria-current="page">API reference</a></nav>
</header>
<div id="reference"></div>
<main class="plain-reference">
<h1>${title}</h1>
${render(description)}
<h2>Operations</h2>
<nav aria-label="Operations">
${DOCUMENT.tags.map(({ name }) => linksTo(name)).join('\n')}
</nav>
${DOCUMENT.tags.map((tag) => sectionOf(tag, render)).join('\n')}
</main>
</body>
</html>
`
}

function linksTo(tag: string): string {
  const links = operationsOf(tag).map(
    (operation) => `<li><a href="#${encodeURI(anchorOf(operation))}">${escapeHtml(operation.summary)}</a></li>`,
  )
  return `<h3>${escapeHtml(tag)}</h3>\n<ul>\n${links.join('\n')}\n</ul>`
}

function sectionOf({ name, description }: { name: string; description: string }, render: Render): string {
  const operations = operationsOf(name).map((operation) => {
    const { method, path, summary, isWebhook } = operation
    const request = isWebhook ? path : `${method} ${path}`
    return `<article id="${anchorOf(operation)}">
<h3>${escapeHtml(summary)}</h3>
<p><code>${escapeHtml(request)}</code></p>
${render(operation.description)}</article>`
  })
  return `<section id="tag/${slug(name)}">\n<h2>${escapeHtml(name)}</h2>\n${render(description)}\n${operations.join('\n')}\n</section>`
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

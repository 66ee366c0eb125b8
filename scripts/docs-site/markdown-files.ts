import type { WrittenGuide } from './guides.ts'
import { DOCUMENT } from './operations.ts'
import { operationsPage } from './operations-page.ts'

/** Without the attributes of code blocks, such as `run`, which only the tests read. */
export function plainMarkdown(markdown: string): string {
  return markdown.replace(/^(\s*`{3,}[\w+-]+)[ \t][^`\n]*$/gm, '$1')
}

/** https://llmstxt.org */
export function llmsTxt(guides: WrittenGuide[]): string {
  const lines = guides.map(({ title, path, description }) => `- [${title}](/docs/${path}): ${description}`)
  return `# ${DOCUMENT.info.title}

> ${DOCUMENT.info.summary}

Every guide is also served as Markdown. All of them in one file: [/llms-full.txt](/llms-full.txt).

## Guides

- [Overview](/docs/index.md): What the API offers, and where to find it.
${lines.join('\n')}

## Reference

- [OpenAPI 3.1 document](/openapi.json): Every operation, schema, example and error.
- [All operations](/docs/operations.md): The operations by resource, a paragraph each.
`
}

export function llmsFullTxt(home: string, guides: WrittenGuide[]): string {
  const texts = [home, ...guides.map(({ markdown }) => markdown)].map(plainMarkdown)
  return [...texts, operationsPage()]
    .map((text) => text.trim())
    .join('\n\n---\n\n')
    .concat('\n')
}

import { anchorOf, DOCUMENT, type Operation, operationsOf } from './operations.ts'

/** All operations as Markdown with a section each, so that the search of the guides finds them. */
export function operationsPage(): string {
  const sections = DOCUMENT.tags.map(({ name, description }) =>
    [`## ${name}`, description, ...operationsOf(name).map(sectionOf)].join('\n\n'),
  )
  return `# All operations\n\n${DOCUMENT.info.summary}. The [API reference](/docs/reference) has parameters, schemas and examples.\n\n${sections.join('\n\n')}\n`
}

function sectionOf(operation: Operation): string {
  const { id, method, path, summary, description, isWebhook } = operation
  const request = isWebhook ? `Event \`${path}\`` : `\`${method} ${path}\``
  return `### ${summary} {#${id}}

${request} · \`${id}\` · [Open in the reference](</docs/reference#${anchorOf(operation)}>)

${description}`
}

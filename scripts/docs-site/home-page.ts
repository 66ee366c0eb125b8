import type { WrittenGuide } from './guides.ts'

const TITLE = /^# (.+)\n+(.+)\n/

/** The title and the first line become the head of the page, the guides its cards. */
export function homePage(home: string, guides: WrittenGuide[]): string {
  const [, title, tagline] = TITLE.exec(home) ?? []
  if (title === undefined) throw new Error('docs/guides/index.md does not begin with a title and a line of text')
  const start = guides.find(({ name }) => name === 'getting-started')
  const frontmatter = {
    layout: 'home',
    hero: {
      name: title,
      tagline,
      actions: [
        ...(start ? [{ theme: 'brand', text: 'Get started', link: '/guides/getting-started' }] : []),
        { theme: 'alt', text: 'API reference', link: '/reference', target: '_self' },
      ],
    },
    features: guides.map(({ name, title, description }) => ({ title, details: description, link: `/guides/${name}` })),
  }
  return `---\n${JSON.stringify(frontmatter)}\n---\n\n${home.replace(TITLE, '')}`
}

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { defineConfig } from 'vitepress'
import { GUIDE_GROUPS } from '../navigation.ts'
import { externalizeScripts } from './inline-scripts.ts'
import { linksOfThisService, literalBraces } from './markdown.ts'

/** scripts/docs-site copies this folder and the pages into a temporary one. */
const ROOT = resolve(import.meta.dirname, '..')
const isWritten = ({ name }: { name: string }) => existsSync(join(ROOT, 'guides', `${name}.md`))

const guides = GUIDE_GROUPS.map(({ title, guides }) => ({
  text: title,
  items: guides.filter(isWritten).map(({ name, title }) => ({ text: title, link: `/guides/${name}` })),
})).filter(({ items }) => items.length > 0)

const reference = {
  text: 'Reference',
  items: [
    { text: 'API reference', link: '/reference', target: '_self' },
    { text: 'All operations', link: '/operations' },
  ],
}

/** Keeps underscores, so that the anchor of an error code is the code. */
function slugify(heading: string): string {
  const words = heading.normalize('NFKD').toLowerCase()
  return words.replace(/[^\p{L}\p{N}_]+/gu, '-').replace(/^-+|-+$/g, '')
}

export default defineConfig({
  base: '/docs/',
  cleanUrls: true,
  lang: 'en-US',
  title: 'Ticketing API',
  description:
    'Guides and reference of the Ticketing API: tickets, comments, attachments, users and webhooks over REST.',
  head: [['link', { rel: 'icon', href: '/docs/favicon.svg', type: 'image/svg+xml' }]],
  // The default would add a style element without a nonce when the theme changes.
  appearance: { disableTransition: false },
  // The reference is a page of its own.
  ignoreDeadLinks: [/^\/reference(#|$)/],
  markdown: {
    anchor: { slugify },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark' },
    config: (md) => {
      md.use(linksOfThisService).use(literalBraces)
    },
  },
  vite: {
    build: {
      // Workers' assets redirect to another form of names with other characters.
      rolldownOptions: { output: { sanitizeFileName: (name) => name.replace(/[^\w.-]/g, '_') } },
    },
  },
  transformHtml: (html, _file, { siteConfig }) => externalizeScripts(html, siteConfig.outDir),
  themeConfig: {
    logo: '/favicon.svg',
    nav: [
      { text: 'Guides', link: guides[0]?.items[0]?.link ?? '/', activeMatch: '^/guides/' },
      { text: 'API reference', link: '/reference', target: '_self' },
    ],
    sidebar: [...guides, reference],
    outline: { level: [2, 3] },
    search: { provider: 'local', options: { detailedView: true } },
    externalLinkIcon: true,
    docFooter: { prev: 'Previous', next: 'Next' },
  },
})

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createMarkdownRenderer } from 'vitepress'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fingerprintOf } from '../../scripts/docs-site/fingerprint.ts'
import { homePage } from '../../scripts/docs-site/home-page.ts'
import { plainMarkdown } from '../../scripts/docs-site/markdown-files.ts'
import { isPublished, publish } from '../../scripts/docs-site/public-folder.ts'
import { ROOT } from '../../scripts/lib/local-state.ts'
import { externalizeScripts } from '../../site/.vitepress/inline-scripts.ts'
import { linksOfThisService, literalBraces } from '../../site/.vitepress/markdown.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ticketing-site-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

describe('npm start, deployment and tests', () => {
  it('do not build the pages again while their sources are the same', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [`${ROOT}scripts/docs-site.ts`], {
      encoding: 'utf8',
    })
    expect([status, stdout, stderr]).toEqual([0, '', ''])
  })
})

describe('the fingerprint of the sources', () => {
  it.each([
    ['a guide', 'docs/guides/errors.md'],
    ['the OpenAPI document', 'openapi.json'],
    ['the configuration', 'site/.vitepress/config.ts'],
    ['the theme', 'site/.vitepress/theme/style.css'],
    ['a static file', 'site/static/reference.js'],
    ['the navigation', 'site/navigation.ts'],
    ['the build itself', 'scripts/docs-site/samples/curl.ts'],
    ['a constant that the pages share with the Worker', 'src/docs/page.ts'],
  ])('changes with %s', (_name, path) => {
    const before = fingerprintOf(folder)
    write(path, 'one')
    const created = fingerprintOf(folder)
    write(path, 'two')
    const changed = fingerprintOf(folder)
    expect(new Set([before, created, changed]).size).toBe(3)
    write(path, 'one')
    expect(fingerprintOf(folder)).toBe(created)
  })

  it('changes with the name of a guide', () => {
    write('docs/guides/a.md', 'text')
    const before = fingerprintOf(folder)
    renameSync(join(folder, 'docs/guides/a.md'), join(folder, 'docs/guides/b.md'))
    expect(fingerprintOf(folder)).not.toBe(before)
  })

  it('does not change with other files', () => {
    const before = fingerprintOf(folder)
    for (const path of ['src/app.ts', 'docs/operations.md', 'README.md']) write(path, 'text')
    expect(fingerprintOf(folder)).toBe(before)
  })
})

describe('publishing', () => {
  const target = () => join(folder, 'public')

  it('copies the files, removes those of an earlier build and keeps dotfiles', () => {
    write('public/.assetsignore', '.site.json')
    write('first/docs/a.html', 'a')
    write('first/docs/assets/old.js', 'old')
    publish(join(folder, 'first'), '1', target())
    write('second/docs/a.html', 'b')
    write('second/llms.txt', 'list')
    publish(join(folder, 'second'), '2', target())
    const files = readdirSync(target(), { recursive: true, encoding: 'utf8' })
    expect(files.filter((file) => file.includes('.')).toSorted()).toEqual([
      '.assetsignore',
      '.site.json',
      'docs/a.html',
      'llms.txt',
    ])
    expect(readFileSync(join(target(), 'docs/a.html'), 'utf8')).toBe('b')
  })

  it('is repeated for other sources and after a file was deleted', () => {
    expect(isPublished('1', target())).toBe(false)
    write('built/docs/a.html', 'a')
    publish(join(folder, 'built'), '1', target())
    expect(isPublished('1', target())).toBe(true)
    expect(isPublished('2', target())).toBe(false)
    rmSync(join(target(), 'docs/a.html'))
    expect(isPublished('1', target())).toBe(false)
  })

  it('does not touch files that are the same', () => {
    write('built/docs/a.html', 'a')
    publish(join(folder, 'built'), '1', target())
    const { ino } = statSync(join(target(), 'docs/a.html'))
    publish(join(folder, 'built'), '2', target())
    expect(statSync(join(target(), 'docs/a.html')).ino).toBe(ino)
  })
})

describe('a guide', () => {
  async function render(markdown: string): Promise<string> {
    const config = (md: Parameters<typeof linksOfThisService>[0]) => {
      md.use(linksOfThisService).use(literalBraces)
    }
    const renderer = await createMarkdownRenderer(ROOT, { config }, '/docs/')
    return renderer.renderAsync(markdown, { relativePath: 'guides/a.md', cleanUrls: true })
  }

  it('links to paths of this service and to other guides', async () => {
    expect(await render('[x](/docs/reference#tag/users)')).toContain(
      '<a href="/docs/reference#tag/users" target="_self">',
    )
    expect(await render('[x](/openapi.json)')).toContain('<a href="/openapi.json" target="_self">')
    expect(await render('[x](/docs/guides/errors#conflict)')).toContain('href="/docs/guides/errors#conflict"')
    expect(await render('[x](errors.md#conflict)')).toContain('href="./errors#conflict"')
  })

  it('shows braces as they are', async () => {
    const html = await render('A {{ value }} and `{{ code }}`\n\n```sh\necho {{ block }}\n```')
    expect(html).toContain('&#123;&#123; value }}')
    expect(html).toMatch(/<code[^>]*>&#123;&#123; code }}/)
    expect(html).toMatch(/<pre [^>]*v-pre/)
  })

  it.each(['bash run', 'ts file=receiver.ts', 'sh title="A title" run'])(
    'hides the attributes of ```%s',
    async (info) => {
      const html = await render(`\`\`\`${info}\nx=1\n\`\`\``)
      expect(html).toContain(`<span class="lang">${info.split(' ')[0]}</span>`)
      expect(html.replace(/<[^>]*>/g, ' ')).not.toMatch(/run|receiver|title/)
    },
  )

  it('has no attributes of code blocks as Markdown', () => {
    const markdown =
      '# A\n\n```bash run\nx\n```\n\n- b\n\n  ```ts file=a.ts\n  y\n  ```\n\n````md\n```js\n````\nUse ```` ```sh run ````.'
    expect(plainMarkdown(markdown)).toBe(markdown.replace('```bash run', '```bash').replace('```ts file=a.ts', '```ts'))
  })
})

describe('inline scripts', () => {
  it('become files that the page loads', () => {
    mkdirSync(join(folder, 'assets'))
    const html = '<head><script id="a">one()</script><script src="/b.js"></script><script>two()</script></head>'
    const scripts = [
      ...externalizeScripts(html, folder).matchAll(/<script src="\/docs\/(assets\/inline\.\w+\.js)"><\/script>/g),
    ]
    expect(scripts.map(([, file = '']) => readFileSync(join(folder, file), 'utf8'))).toEqual(['one()', 'two()'])
  })
})

describe('the home page', () => {
  it('needs a title and a line of text', () => {
    expect(homePage('# Title\n\nText.\n\n## More\n', [])).toMatch(/"name":"Title","tagline":"Text."[\s\S]*\n## More\n$/)
    expect(() => homePage('Text only\n', [])).toThrow('docs/guides/index.md does not begin with a title')
  })
})

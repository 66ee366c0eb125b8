import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  BANNED_WORDS,
  findBannedWords,
  findBannedWordsInDocuments,
  wordsInFileName,
  wordsInJson,
  wordsInSource,
  wordsInText,
} from '../../scripts/lib/words.ts'

/** Banned words with names and comments that contain them. */
const SAMPLES: [word: string, names: string[], comments: string[]][] = [
  ['deed', ['deed', 'DEEDS', 'everyDeed', 'deedOf'], ['Deeds of a client.', 'One deed']],
  ['told', ['told', 'Told', 'isTold'], ['The client is told.']],
  ['tells', ['tells', 'tellsAll'], ['It tells the client.']],
  ['heed', ['heed', 'isHeeded'], ['A header that is not heeded']],
  ['anew', ['anew', 'readAnew'], ['Reads anew']],
  ['dearer', ['dearer'], ['A dearer request']],
  ['beside', ['beside', 'standsBeside'], ['Beside the cursor']],
  ['vouch', ['vouch', 'vouchedFor'], ['Nothing vouches for it']],
  ['doubt', ['doubt', 'addDoubt', 'DOUBTED'], ['The object doubts it']],
  ['bell', ['bell', 'Bell', 'ringBells'], ['The bell of an account']],
  ['twin', ['twin', 'TWIN_HASH'], ['A twin of the account']],
  ['ring', ['ring', 'rings', 'ringForWork', 'rung_at'], []],
  ['can not', ['canNotRead'], ['It can not be read']],
  ['given back', ['givenBack', 'given_back_token'], ['A token that was given\n * back']],
  ['of late', ['activeOfLate'], ['Changed of late']],
  ['but for', ['allButForCursors'], ['Equal but for cursors']],
  ['at once', ['countAtOnce'], ['Revoked at once']],
  ['e-mail', ['eMail', 'newE_mails'], ['An e-mail', 'Two E-mails']],
  ['log-in', [], ['A log-in', 'All log-ins']],
  ['is no', [], ['It is no bookmark', 'Fails if the value is no JSON']],
]

const INNOCENT_NAMES = [
  'string',
  'wiring',
  'ringtone',
  'doubtless',
  'bellow',
  'besides',
  'untold',
  'tell',
  'twinkle',
  'logIn',
  'email',
  'once',
  'isNotFound',
  'indeed',
  'canNotify',
  'latest',
]
const INNOCENT_COMMENTS = [
  'A string, doubtless. Besides, an untold number of bellows.',
  'There is no default, and the token is no longer valid.',
  'Not at one time but once, for the sake of the latest email of a login.',
  'Rings of a plot',
  'You cannot log in.',
]

const DECLARATIONS = [
  (name: string) => `const ${name} = 1`,
  (name: string) => `const { a: ${name} } = b`,
  (name: string) => `function f(${name}: string) {}`,
  (name: string) => `function ${name}() {}`,
  (name: string) => `type ${name} = string`,
  (name: string) => `interface A { ${name}: string }`,
  (name: string) => `class A { #${name} = 1 }`,
  (name: string) => `const a = { ${name}: 1 }`,
  (name: string) => `for (const ${name} of list) {}`,
]
const COMMENTS = [
  (text: string) => `/** ${text} */\nconst a = 1`,
  (text: string) => `const a = 1 /* ${text} */`,
  (text: string) => `const a = {\n  b: 1,\n  /**\n   * ${text}\n   */\n}`,
  (text: string) => `const a = \`\${b /* ${text} */}\``,
  (text: string) => (text.includes('\n') ? `/* ${text} */` : `f(() => {\n  // ${text}\n})`),
]

const wordsIn = (text: string) => wordsInSource('test/a.ts', text).map(({ word }) => word)

describe('the check of words', () => {
  it('has samples of every banned word', () => {
    expect(SAMPLES.map(([word, names, comments]) => [word, names.length > 0, comments.length > 0])).toEqual(
      BANNED_WORDS.map(({ word, only }) => [word, only !== 'sentences', only !== 'names']),
    )
  })

  it.each(SAMPLES)('finds "%s" in names and comments', (word, names, comments) => {
    for (const name of names)
      for (const declare of DECLARATIONS) expect(wordsIn(declare(name)), declare(name)).toContain(word)
    for (const comment of comments)
      for (const write of COMMENTS) expect(wordsIn(write(comment)), write(comment)).toContain(word)
  })

  it('finds a banned word in the name of a file or folder', () => {
    expect(wordsInFileName('src/webhooks/bell.ts').map(({ word }) => word)).toEqual(['bell'])
    expect(wordsInFileName('test/given-back/tokens.test.ts').map(({ word }) => word)).toEqual(['given back'])
    expect(wordsInFileName('src/lib/string-fields.ts')).toEqual([])
  })

  it('ignores other words, and those in strings or of other modules', () => {
    for (const name of INNOCENT_NAMES)
      expect(
        DECLARATIONS.flatMap((declare) => wordsIn(declare(name))),
        name,
      ).toEqual([])
    for (const comment of INNOCENT_COMMENTS)
      expect(
        COMMENTS.flatMap((write) => wordsIn(write(comment))),
        comment,
      ).toEqual([])
    expect(wordsIn("const a = 'told /* at once */'\nb.told()\nconst c = `// a deed`\nconst d = /doubt/")).toEqual([])
  })

  it.each(SAMPLES.filter(([, , comments]) => comments.length > 0))('finds "%s" in documents', (word, _, comments) => {
    for (const comment of comments.map((text) => text.replace(/\n \* /, '\n')))
      for (const text of [`# ${comment}`, `A text\n\n- ${comment}`, `| ${comment} |`, comment.replaceAll(' ', '\n  ')])
        expect(
          wordsInText('docs/a.md', text).map((found) => found.word),
          text,
        ).toContain(word)
  })

  it('ignores other words in documents, targets of links and URLs', () => {
    for (const comment of INNOCENT_COMMENTS) expect(wordsInText('docs/a.md', comment), comment).toEqual([])
    expect(wordsInText('docs/a.md', '[Log in](a.md#log-in), [email](#e-mail) or https://deed.example/at-once')).toEqual(
      [],
    )
    expect(wordsInText('docs/a.md', 'A key that was given\n\nback')).toEqual([])
  })

  it.each(SAMPLES.filter(([, , comments]) => comments.length > 0))(
    'finds "%s" in JSON, by its line',
    (word, _, comments) => {
      for (const comment of comments.map((text) => text.replace(/\n \* /, '\n'))) {
        const description = `The "first".\n\n${comment}`
        const json = JSON.stringify({ a: { description, [word]: 1 }, list: [1, description] }, null, 2)
        const found = wordsInJson('a.json', json).filter((finding) => finding.word === word)
        expect(found.map(({ file, line }) => [file, line])).toEqual([
          ['a.json', 3],
          ['a.json', 8],
        ])
      }
    },
  )

  it('ignores other words in JSON, and keys', () => {
    const values = { 'at once': INNOCENT_COMMENTS, of: 'late', other: [true, null, 'https://deed.example'] }
    expect(wordsInJson('a.json', JSON.stringify(values, null, 2))).toEqual([])
  })

  it('names the document and the line', () => {
    const root = mkdtempSync(join(tmpdir(), 'ticketing-words-'))
    try {
      mkdirSync(join(root, 'docs/guides'), { recursive: true })
      writeFileSync(join(root, 'README.md'), 'It is told.\n')
      writeFileSync(join(root, 'docs/guides/a.md'), '# A\n\nSent at\nonce.\n')
      expect(findBannedWordsInDocuments(root)).toEqual([
        { file: 'README.md', line: 1, word: 'told', text: 'It is told.' },
        { file: 'docs/guides/a.md', line: 3, word: 'at once', text: 'Sent at' },
      ])
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  })

  it('finds nothing in the documents', () => {
    expect(findBannedWordsInDocuments().map(({ file, line, word }) => `${file}:${line} ${word}`)).toEqual([])
  })

  it('finds banned words in the texts of src, and nowhere else', () => {
    const hole = ['$', '{a}'].join('')
    const texts = [
      "'It is told'",
      '`It is told`',
      `\`${hole} is told\``,
      `\`${hole} ${hole} is told ${hole}\``,
      'b("told")',
    ]
    for (const text of texts) {
      expect(wordsInSource('src/a.ts', `f(${text})`).map(({ word }) => word)).toEqual(['told'])
      expect(wordsInSource('test/a.ts', `f(${text})`)).toEqual([])
    }
  })

  it('names the file and the line', () => {
    const root = mkdtempSync(join(tmpdir(), 'ticketing-words-'))
    try {
      mkdirSync(join(root, 'test/node_modules'), { recursive: true })
      writeFileSync(join(root, 'test/a.ts'), 'const a = 1\n\n/** Is told. */\nconst deed = 1\n')
      writeFileSync(join(root, 'test/node_modules/b.ts'), 'const deed = 1\n')
      expect(findBannedWords(['test'], root)).toEqual([
        { file: 'test/a.ts', line: 3, word: 'told', text: '/** Is told. */' },
        { file: 'test/a.ts', line: 4, word: 'deed', text: 'deed' },
      ])
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  })

  it('finds nothing in the checked folders', () => {
    expect(findBannedWords().map(({ file, line, word }) => `${file}:${line} ${word}`)).toEqual([])
  }, 120_000)
})

import { Node } from 'ts-morph'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../../scripts/lib/local-state.ts'
import { BANNED_WORDS } from '../../scripts/lib/words.ts'
import { openSource } from '../helpers/node/source-expressions.ts'
import { DETAIL_SENTENCES, MESSAGES, RULES } from './messages.ts'

const RULE = /^(must|is|cannot|was|has|belongs|does not) .*[^ ]$/
/** Other texts of `src` that begin like a rule. */
const OTHERS = ['src/core/variables.ts', 'src/docs/', 'src/db/', 'src/jobs/', 'src/webhooks/delivery-error.ts']

/** Templates with `{…}` in place of each expression. */
function rulesIn(folder: string): string[] {
  const files = openSource(`${ROOT}${folder}`).getSourceFiles()
  return files
    .filter((file) => !OTHERS.some((path) => file.getFilePath().includes(path)))
    .flatMap((file) => file.forEachDescendantAsArray().flatMap((node) => textOf(node) ?? []))
    .filter((text) => RULE.test(text) && !text.endsWith('.'))
}

function textOf(node: Node): string | undefined {
  if (Node.isStringLiteral(node) || Node.isNoSubstitutionTemplateLiteral(node)) return node.getLiteralText()
  if (!Node.isTemplateExpression(node)) return undefined
  const spans = node.getTemplateSpans().map((span) => `{…}${span.getLiteral().getLiteralText()}`)
  return `${node.getHead().getLiteralText()}${spans.join('')}`
}

/** Whether a text of the source, with `{…}` for its expressions, can be this one. */
function canBe(template: string, rule: string): boolean {
  const source = template.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replaceAll('{…}', '.+')
  const withNumbers = source.replace(/\b\d[\d,]*\b/g, '\\d+')
  const concrete = rule.replace(/\{n\}|\b\d[\d,]*\b/g, '1').replaceAll('{…}', 'x')
  return new RegExp(`^${withNumbers}$`).test(concrete)
}

const ALL = [RULES, DETAIL_SENTENCES, MESSAGES].flatMap((lists) => Object.values(lists).flat())

describe('the list of messages', () => {
  it('has every rule of the source, and no other', () => {
    const listed = Object.values(RULES).flat()
    const inSource = rulesIn('src').filter((template) => !UNREACHABLE.includes(template))
    const missing = inSource.filter((template) => !listed.some((rule) => canBe(template, rule)))
    expect(missing, 'not in messages.ts').toEqual([])
    const specific = inSource.filter((template) => template !== 'must be {…}')
    const unknown = listed.filter((rule) => !specific.some((template) => canBe(template, rule)))
    expect(unknown, 'not in src').toEqual(COMPOSED)
  })

  it('is sorted', () => {
    for (const list of [RULES, DETAIL_SENTENCES, MESSAGES])
      for (const messages of Object.values(list))
        expect(messages).toEqual(messages.toSorted((a, b) => a.localeCompare(b, 'en', { sensitivity: 'base' })))
  })

  it('has no initialism in lower case, no full stop at the end, and no banned word', () => {
    for (const message of ALL) {
      expect(message).not.toMatch(/\b(Url|url|Id|ids?|Ip|Api|Json|uri|uuid)\b/)
      expect(message).not.toMatch(/\.$|!$|\bplease\b|\bsorry\b/i)
      for (const { pattern } of BANNED_WORDS) expect(message).not.toMatch(pattern)
    }
  })

  it('has sentences that begin with a capital or a number', () => {
    const sentences = [DETAIL_SENTENCES, MESSAGES].flatMap((list) => Object.values(list).flat())
    for (const sentence of sentences) expect(sentence).toMatch(/^([A-Z]|\{n\})/)
  })
})

/** For issues that no schema of this API raises, and an example. */
const UNREACHABLE = ['is not valid', 'must be one of: low, medium, high, critical']

/** `must be` and a type or a range. */
const COMPOSED = [
  ...['must be a boolean', 'must be a number', 'must be a string', 'must be an array', 'must be an integer'],
]

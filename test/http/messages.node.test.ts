import { Node } from 'ts-morph'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../../scripts/lib/local-state.ts'
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
    .flatMap((file) => file.getDescendants().flatMap((node) => textOf(node) ?? []))
    .filter((text) => RULE.test(text))
}

function textOf(node: Node): string | undefined {
  if (Node.isStringLiteral(node) || Node.isNoSubstitutionTemplateLiteral(node)) return node.getLiteralText()
  if (!Node.isTemplateExpression(node)) return undefined
  const spans = node.getTemplateSpans().map((span) => `{…}${span.getLiteral().getLiteralText()}`)
  return `${node.getHead().getLiteralText()}${spans.join('')}`
}

/** With one placeholder for numbers and texts, whether the source or the list names the value. */
function simplified(rule: string): string {
  return rule.replace(/\{(n|…)\}|\b\d[\d,]*\b/g, '#').replace(/(# )?(# )?(items?|characters?)$/, '# units')
}

const ALL = [RULES, DETAIL_SENTENCES, MESSAGES].flatMap((lists) => Object.values(lists).flat())

describe('the list of messages', () => {
  it('has every rule of the source, and no other', () => {
    const inSource = new Set(rulesIn('src').map(simplified))
    const listed = new Set(Object.values(RULES).flat().map(simplified))
    expect([...inSource.difference(listed)], 'not in messages.ts').toEqual([])
    expect(
      [...listed.difference(inSource)].filter((rule) => !GENERATED.includes(rule)),
      'not in src',
    ).toEqual([])
  })

  it('is sorted', () => {
    for (const list of [RULES, DETAIL_SENTENCES, MESSAGES])
      for (const messages of Object.values(list))
        expect(messages).toEqual(messages.toSorted((a, b) => a.localeCompare(b, 'en', { sensitivity: 'base' })))
  })

  it('has no initialism in lower case, no full stop at an end, and no word that is not ours', () => {
    for (const message of ALL) {
      expect(message).not.toMatch(/\b(Url|url|Id|ids?|Ip|Api|Json|uri|uuid)\b/)
      expect(message).not.toMatch(/\.$|!$|\bplease\b|\bsorry\b/i)
    }
  })

  it('has sentences that begin with a capital or a number', () => {
    const sentences = [DETAIL_SENTENCES, MESSAGES].flatMap((list) => Object.values(list).flat())
    for (const sentence of sentences) expect(sentence).toMatch(/^([A-Z]|\{n\})/)
  })
})

/** From a type or a size, in `core/error-details.ts`. */
const GENERATED = [
  'must be a boolean',
  'must be a number',
  'must be a string',
  'must be an array',
  'must be an integer',
].map(simplified)

import { type AST, RegExpParser } from '@eslint-community/regexpp'
import type { Expression } from './static-value.ts'

/** Texts of any length: `prefix`, then `pump` repeatedly, then `suffix`. */
export interface Hostile {
  prefix: string
  pump: string
  suffix: string
}

/** A character of each kind that expressions distinguish. */
const CHARACTERS = [
  ...Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)),
  ...['\u0085', '\u00a0', '\u00e9', '\u0301', '\u2028', '\u202e', '\u2066', '\u6f22', '\ue000', '\ud800', '\u{1f600}'],
]

/** Enough to show a match, and few enough for exponential expressions. */
const FEW = 12
const FAILING_SUFFIXES = 2

/**
 * Texts that make a backtracking engine slow, derived from the expression. Each begins with a match up to one of its
 * repetitions, continues with one character of each kind or with a match of a repeated group, and ends with a mismatch.
 */
export function hostileTexts({ source, flags }: Expression): Hostile[] {
  const isMatch = matcher(source, flags)
  const pattern = new RegExpParser().parsePattern(source, 0, source.length, {
    unicode: flags.includes('u'),
    unicodeSets: flags.includes('v'),
  })
  const letters = lettersOf(pattern, flags)
  const shape = new Shape(letters, flags)
  shape.visit(pattern.alternatives, [''])
  const pumps = new Set([...letters, ...shape.pumps])
  // A matching alternative at the start, or a match at the end, would hide the slow one.
  const unlikely = letters.at(-1) ?? ''
  const prefixes = new Set([...shape.prefixes, unlikely])
  return [...prefixes].flatMap((prefix) =>
    [...pumps].flatMap((pump) => {
      const beginnings = prefix + pump.repeat(Math.ceil(FEW / pump.length))
      const failing = letters.filter((letter) => !isMatch(beginnings + letter)).slice(0, FAILING_SUFFIXES)
      return [...new Set(['', unlikely, ...failing])].map((suffix) => ({ prefix, pump, suffix }))
    }),
  )
}

function matcher(source: string, flags: string): (text: string) => boolean {
  const expression = new RegExp(source, flags.replace(/[gy]/g, ''))
  return (text) => expression.test(text)
}

type Atom = AST.Character | AST.CharacterClass | AST.CharacterSet | AST.ExpressionCharacterClass

function isAtom(element: AST.Element): element is Atom {
  return ['Character', 'CharacterClass', 'CharacterSet', 'ExpressionCharacterClass'].includes(element.type)
}

/** One character of each kind that the atoms distinguish, the most common ones first. */
function lettersOf(pattern: AST.Pattern, flags: string): string[] {
  const atoms = [...new Set(atomsOf(pattern.alternatives).map(({ raw }) => raw))]
  const tests = atoms.map((raw) => matcher(`^(?:${raw})$`, flags))
  const kinds = new Map<string, { letter: string; count: number }>()
  for (const letter of CHARACTERS) {
    const members = tests.map((test) => test(letter))
    const kind = members.join()
    if (!kinds.has(kind)) kinds.set(kind, { letter, count: members.filter(Boolean).length })
  }
  return [...kinds.values()].toSorted((a, b) => b.count - a.count).map(({ letter }) => letter)
}

function atomsOf(alternatives: AST.Alternative[]): Atom[] {
  return alternatives.flatMap(({ elements }) => elements.flatMap(atomsIn))
}

function atomsIn(element: AST.Element): Atom[] {
  if (isAtom(element)) return [element]
  if (element.type === 'Quantifier') return atomsIn(element.element)
  return 'alternatives' in element ? atomsOf(element.alternatives) : []
}

/** The minimum of a quantifier, and one if the minimum is zero. */
const REPETITIONS = [(min: number) => min, (min: number) => Math.max(1, min)]

/** Collects the texts before each repetition of a pattern, and those that its repeated groups match. */
class Shape {
  readonly prefixes = new Set([''])
  readonly pumps = new Set<string>()
  private readonly letters: string[]
  private readonly flags: string

  constructor(letters: string[], flags: string) {
    this.letters = letters
    this.flags = flags
  }

  visit(alternatives: AST.Alternative[], before: string[]): void {
    for (const { elements } of alternatives) {
      let texts = before
      for (const element of elements) {
        this.visitElement(element, texts)
        texts = this.after(element, texts)
      }
    }
  }

  private visitElement(element: AST.Element, before: string[]): void {
    if (element.type === 'Quantifier') {
      for (const text of before) this.prefixes.add(text)
      for (const text of this.textsOf(element.element)) if (text !== '') this.pumps.add(text)
      this.visitElement(element.element, before)
    } else if ('alternatives' in element) this.visit(element.alternatives, before)
  }

  private after(element: AST.Element, before: string[]): string[] {
    const texts = this.textsOf(element)
    return [...new Set(before.flatMap((text) => texts.map((next) => text + next)))].slice(0, 4)
  }

  private textsOf(element: AST.Element): string[] {
    if (isAtom(element)) return [this.memberOf(element)]
    if (element.type === 'Quantifier') {
      const one = this.textsOf(element.element)
      const texts = one.flatMap((text) => REPETITIONS.map((times) => text.repeat(times(element.min))))
      return [...new Set(texts)]
    }
    if (element.type === 'Group' || element.type === 'CapturingGroup')
      return element.alternatives.flatMap(({ elements }) =>
        elements.reduce<string[]>((texts, each) => this.after(each, texts), ['']),
      )
    return ['']
  }

  private memberOf({ raw }: Atom): string {
    const isMember = matcher(`^(?:${raw})$`, this.flags)
    return this.letters.find(isMember) ?? ''
  }
}

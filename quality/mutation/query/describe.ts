import type { Action } from './change.ts'
import type { Edit } from './inside.ts'
import type { Step, Which } from './place.ts'

/** Such as `readToken › call verify › property aud: removed`. */
export function describe({ from, steps, action }: Edit): string {
  const start = Object.entries(from).map(([kind, name]) => (kind === 'declaration' ? name : `${kind} ${name}`))
  return `${[...start, ...steps.map(describeStep)].join(' › ')}: ${describeAction(action)}`
}

function describeStep(step: Step): string {
  switch (step.step) {
    case 'find': {
      const { find, ...rest } = step.kind
      return [find, ...Object.values(rest), ...numberOf(step.which)].join(' ')
    }
    case 'part':
      return `part ${step.nth}`
    case 'sql':
    case 'sql condition':
    case 'text':
      return [JSON.stringify(step.text), ...numberOf(step.which)].join(' ')
    default:
      return step.step
  }
}

function numberOf([nth, of]: Which): string[] {
  return nth === undefined ? [] : [`#${nth} of ${of}`]
}

function describeAction(action: Action): string {
  switch (action.action) {
    case 'remove':
      return 'removed'
    case 'negate':
      return 'negated'
    case 'always':
      return `always ${action.value}`
    case 'unchain':
      return 'not called'
    case 'replace':
      return action.text.replaceAll(/\s+/g, ' ')
  }
}

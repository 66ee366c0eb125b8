import type { GeneratedRequest } from './generated-request'
import type { Step } from './model'

interface Regression {
  why: string
  request: GeneratedRequest
  statuses: number[]
}

/** Every input for which the property tests failed, after shrinking. Failures print their entry. */
export const REGRESSIONS: Regression[] = [
  {
    why: 'a valid number was rejected because it had one digit more than others',
    request: {
      actor: 'admin',
      method: 'GET',
      path: '/api/v1/tickets',
      query: [['number', '9007199254740991']],
      headers: {},
      set: 0,
    },
    statuses: [200],
  },
  {
    why: 'an unknown parameter of a signed URL was ignored',
    request: {
      actor: 'anonymous',
      method: 'GET',
      path: '/files/__attachment_id__/f',
      query: [
        ['expires', '__expires__'],
        ['signature', '__signature__'],
        ['x', '1'],
      ],
      headers: {},
      set: 0,
    },
    statuses: [400],
  },
]

export const SEQUENCE_REGRESSIONS: { why: string; steps: Step[] }[] = []

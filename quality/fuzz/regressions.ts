import type { Draft } from './generated-request'
import type { Step } from './model'

/** A request that was once answered wrongly, and what it must be answered with. */
interface KeptRequest {
  why: string
  draft: Draft
  statuses: number[]
}

/**
 * Every input that the property tests have found a failure with, shrunken, sent again at each run. What a failure prints
 * as `to keep it` goes here: a request with the statuses that are right, or the steps of a sequence.
 */
export const KEPT_REQUESTS: KeptRequest[] = [
  {
    why: 'a number that the document allows was refused, having a digit more than others',
    draft: {
      by: 'admin',
      method: 'GET',
      path: '/api/v1/tickets',
      query: [['number', '9007199254740991']],
      headers: {},
      set: 0,
    },
    statuses: [200],
  },
  {
    why: 'an unknown parameter of a signed address was passed over',
    draft: {
      by: 'nobody',
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

export const KEPT_SEQUENCES: { why: string; steps: Step[] }[] = []

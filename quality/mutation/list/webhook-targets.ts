import { inside } from '../mutation.ts'

/** Where webhooks may be sent: how the services use the SSRF guard. The guard itself is mutated by Stryker. */
export const WEBHOOK_TARGETS = [
  ...inside('attemptDelivery/send', ['webhooks/addresses'], (it) => [
    it.literal('address').enclosingIf().remove(),
    it.array(2, 2).replaceWith('[]'),
  ]),
  ...inside('createWebhook', ['webhooks/addresses'], (it) => [it.call('wasDone').enclosingStatement().remove()]),
  ...inside('createWebhook/updateWebhook', ['webhooks/addresses'], (it) => [
    it.call('refusalOfAddress').enclosingStatement().variable().replaceWith('$2'),
  ]),
]

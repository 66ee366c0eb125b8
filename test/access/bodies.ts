/** A body that each operation with an ID and a body would accept, so that only the ID stands in its way. */
export const BODIES: Record<string, unknown> = {
  updateTicket: { title: 'Taken over' },
  createComment: { content: 'Taken over' },
  uploadAttachment: 'Taken over',
  updateUser: { name: 'Taken over' },
  setPassword: { password: 'taken over by B' },
  rotateApiKey: { grace_seconds: 0 },
  updateWebhook: { description: 'Taken over', active: false },
  replayWebhook: { since: '2025-01-01' },
}

/** What an operation needs in its query. */
export const QUERIES: Record<string, string> = { uploadAttachment: '?filename=taken-over.txt' }

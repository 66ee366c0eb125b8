export interface Guide {
  /** The file in docs/guides, without its extension. */
  name: string
  title: string
  description: string
}

/** The guides in the order of the sidebar. Files that do not exist are left out. */
export const GUIDE_GROUPS: { title: string; guides: Guide[] }[] = [
  {
    title: 'Start here',
    guides: [
      {
        name: 'getting-started',
        title: 'Getting started',
        description: 'Run the service, log in and create your first ticket.',
      },
      {
        name: 'authentication',
        title: 'Authentication and keys',
        description: 'User tokens, API keys, roles and revocation.',
      },
      { name: 'errors', title: 'Errors', description: 'One form for every error, and what to do for each code.' },
    ],
  },
  {
    title: 'Concepts',
    guides: [
      {
        name: 'pagination',
        title: 'Pagination and export',
        description: 'Pages, cursors, filters and exports of whole accounts.',
      },
      {
        name: 'idempotency',
        title: 'Idempotency and concurrent changes',
        description: 'Retry writes safely, and never overwrite a change you have not seen.',
      },
      { name: 'rate-limits', title: 'Rate limits', description: 'Limits, the headers that report them, and retries.' },
      {
        name: 'versioning',
        title: 'Versioning and changelog',
        description: 'What may change, and how you learn of it.',
      },
    ],
  },
  {
    title: 'Build',
    guides: [
      {
        name: 'webhooks',
        title: 'Webhooks',
        description: 'Receive events, verify signatures and handle retries.',
      },
      { name: 'attachments', title: 'Attachments', description: 'Upload, download and delete files.' },
      {
        name: 'client',
        title: 'TypeScript client',
        description: 'A typed client that paginates, retries and verifies.',
      },
      { name: 'mobile-apps', title: 'Mobile and web apps', description: 'Build an app for customers.' },
    ],
  },
  {
    title: 'Operate',
    guides: [
      { name: 'deploy', title: 'Deploy and operate', description: 'Run the service in your own Cloudflare account.' },
    ],
  },
]

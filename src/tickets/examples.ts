import type { z } from '@hono/zod-openapi'
import { ERROR_LOG, NEW_ERROR_LOG, SCREENSHOT } from '../attachments/service'
import { CACHE_CLEARED, LOOKING_INTO_IT } from '../comments/service'
import { examplePagination } from '../http/pagination/page'
import { JANE, SUPPORT } from '../users/service'
import type { TicketHistory } from './history-schema'
import type {
  CreateTicketJson,
  ExportLine,
  Ticket,
  TicketDetailResponse,
  TicketList,
  TicketResponse,
  TicketStatsResponse,
} from './schema'

/** `ticket123` and `ticket124` are also in the demo data. */

const DASHBOARD = {
  id: 'ticket123',
  number: 1,
  version: 3,
  title: 'Cannot access customer dashboard',
  description: "I'm getting a 404 error when trying to access the dashboard",
  status: 'open' as const,
  priority: 'high' as const,
  created_at: '2025-05-01T09:30:00Z',
  updated_at: '2025-05-01T09:30:00Z',
  created_by: JANE,
  assigned_to: SUPPORT,
  tags: ['dashboard', 'access', 'error'],
}

const DASHBOARD_FIELDS = { browser: 'Chrome 112.0', os: 'Windows 11', product_area: 'Dashboard' }

export const NEW_TICKET_JSON: CreateTicketJson = {
  title: 'Cannot export reports',
  description: "The export button doesn't work when I try to export monthly reports",
  priority: 'medium',
  tags: ['reports', 'export'],
  custom_fields: { browser: 'Firefox 102.0', os: 'MacOS 13.4' },
  attachments: [NEW_ERROR_LOG],
}

const EXPORT_BUTTON: z.infer<typeof Ticket> = {
  id: 'ticket124',
  number: 2,
  version: 1,
  title: 'Cannot export reports',
  description: "The export button doesn't work when I try to export monthly reports",
  status: 'open',
  priority: 'medium',
  created_at: '2025-05-04T14:25:00Z',
  updated_at: '2025-05-04T14:25:00Z',
  created_by: JANE,
  assigned_to: null,
  tags: ['reports', 'export'],
  custom_fields: { browser: 'Firefox 102.0', os: 'MacOS 13.4' },
  attachments: [ERROR_LOG],
}

export const NEW_TICKET: z.infer<typeof TicketResponse> = { data: EXPORT_BUTTON }

export const CHANGED_TICKET: z.infer<typeof TicketResponse> = {
  data: {
    ...DASHBOARD,
    version: 4,
    status: 'in_progress',
    updated_at: '2025-05-04T15:10:00Z',
    custom_fields: DASHBOARD_FIELDS,
    attachments: [SCREENSHOT],
  },
}

export const TICKET_DETAIL: z.infer<typeof TicketDetailResponse> = {
  data: {
    ...DASHBOARD,
    comments: [CACHE_CLEARED, LOOKING_INTO_IT],
    comment_count: 2,
    attachments: [SCREENSHOT],
    attachment_count: 1,
    custom_fields: DASHBOARD_FIELDS,
  },
}

export const TICKETS: z.infer<typeof TicketList> = { data: [DASHBOARD], pagination: examplePagination('/tickets', 243) }

export const STATS: z.infer<typeof TicketStatsResponse> = {
  data: {
    total: 243,
    by_status: { open: 40, in_progress: 12, resolved: 91, closed: 100 },
    by_priority: { low: 60, medium: 120, high: 50, critical: 13 },
    by_assignee: [
      { assigned_to: SUPPORT, count: 200 },
      { assigned_to: null, count: 43 },
    ],
  },
}

export const EXPORT: z.infer<typeof ExportLine>[] = [
  { ...DASHBOARD, custom_fields: DASHBOARD_FIELDS },
  { next_cursor: null },
]

export const HISTORY: z.infer<typeof TicketHistory> = {
  data: [
    {
      id: 'change_01jt0v7m3z5e1c9a7b3d2f4e6a-status',
      created_at: '2025-05-04T15:10:00Z',
      actor: SUPPORT,
      field: 'status',
      previous: 'open',
      current: 'in_progress',
    },
  ],
  pagination: { per_page: 20, next_cursor: null, prev_cursor: null, next_page_url: null, prev_page_url: null },
}

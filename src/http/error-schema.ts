import { z } from '@hono/zod-openapi'
import { ERROR_CODES } from './errors'

const Detail = z
  .object({
    field: z.string().openapi({
      maxLength: 110,
      description: 'The dotted path of the field, or the name of the parameter or header',
      example: 'attachments.0.content',
    }),
    message: z.string().openapi({ maxLength: 2_000, description: 'A sentence that begins with the field' }),
  })
  .openapi('ErrorDetail')

/** The body of every failure. */
export const ErrorBody = z
  .object({
    error: z.object({
      code: z.enum(ERROR_CODES).openapi('ErrorCode', { description: 'What programs decide by' }),
      message: z.string().openapi({ maxLength: 1_000, description: 'What people read' }),
      details: z.array(Detail).max(50).openapi({ description: 'What is wrong field by field, where it is fields' }),
    }),
  })
  .openapi('Error')

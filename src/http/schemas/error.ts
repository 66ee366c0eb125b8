import { z } from '@hono/zod-openapi'
import { ERROR_CODES } from '../../core/errors'
import { TEXT_PATTERN } from './patterns'

const Detail = z
  .object({
    field: z.string().openapi({
      maxLength: 110,
      pattern: TEXT_PATTERN,
      description: 'The dotted path of the field, or the name of the parameter or header',
      example: 'attachments.0.content',
    }),
    message: z
      .string()
      .openapi({ maxLength: 2_000, pattern: TEXT_PATTERN, description: 'A sentence that begins with the field' }),
  })
  .openapi('ErrorDetail')

/** The body of every error response. */
export const ErrorBody = z
  .object({
    error: z.object({
      code: z.enum(ERROR_CODES).openapi('ErrorCode', { description: 'What programs decide by' }),
      message: z.string().openapi({ maxLength: 1_000, pattern: TEXT_PATTERN, description: 'What people read' }),
      details: z.array(Detail).max(50).openapi({ description: 'What is wrong field by field, where it is fields' }),
    }),
  })
  .openapi('Error')

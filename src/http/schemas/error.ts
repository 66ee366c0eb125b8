import { z } from '@hono/zod-openapi'
import { DETAIL_CODES, ERROR_CODES } from '../../core/errors'
import { TEXT_PATTERN } from './patterns'

const Detail = z
  .object({
    field: z.string().openapi({
      maxLength: 110,
      pattern: TEXT_PATTERN,
      description: 'The dotted path of the field, or the name of the parameter or header',
      example: 'attachments.0.content',
    }),
    message: z.string().openapi({
      maxLength: 2_000,
      pattern: TEXT_PATTERN,
      description: 'The field and the rule that it violates, in English',
      example: 'Content must not contain line breaks',
    }),
    code: z.enum(DETAIL_CODES).openapi('ErrorDetailCode', {
      description: 'What is wrong with the field, for programs',
      example: 'invalid_format',
    }),
  })
  .openapi('ErrorDetail')

/** The body of every error response. */
export const ErrorBody = z
  .object({
    error: z
      .object({
        code: z
          .enum(ERROR_CODES)
          .openapi('ErrorCode', { description: 'What went wrong, for programs', example: 'invalid_input' }),
        message: z.string().openapi({
          maxLength: 1_000,
          pattern: TEXT_PATTERN,
          description: 'What went wrong, in English. It may be improved: branch on `code`',
          example: 'The request data is invalid',
        }),
        details: z.array(Detail).max(50).openapi({
          description: 'Every field that is wrong, at most 50. Empty if the error is not about fields',
        }),
        documentation_url: z.string().openapi({
          format: 'uri',
          maxLength: 500,
          description: 'The section of the documentation about this code',
          example: 'https://api.example.com/docs/guides/errors#invalid_input',
        }),
        request_id: z.string().openapi({
          maxLength: 255,
          pattern: '^[\\w=-]{1,255}$',
          description: 'Equals the header `X-Request-Id`. Name it when you report a problem',
          example: '1b671a64-40d5-491e-99b0-da01ff1f3341',
        }),
      })
      .openapi({ description: 'What went wrong.' }),
  })
  .openapi('Error')

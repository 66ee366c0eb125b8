import { type ApiError, forbidden } from '../core/errors'

/** 403: agents delete their own comments, admins any. */
export function notTheAuthor(): ApiError {
  return forbidden([], 'Your role only allows you to delete comments that you wrote')
}

import { forbidden, type ServiceError } from '../core/errors'

/** 403: agents delete their own comments, admins any. */
export function notTheAuthor(): ServiceError {
  return forbidden([], 'Your role only allows you to delete comments that you wrote')
}

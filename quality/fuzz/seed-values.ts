import { PASSWORD } from '../../test/helpers/path-ids'

/** The people of a world, who may be named in a body. */
const PEOPLE = ['__admin__', '__agent__', '__customer__', '__stranger__', '__other_agent__', '__nobody__']

/**
 * Values that mean something, by the name of the field or parameter that they are for: without them a request that is
 * valid by its schema would rarely be one that does something. `id` is for all that has the form of an ID.
 */
export const HINTS: Record<string, unknown[]> = {
  id: PEOPLE,
  account: ['__slug__'],
  assigned_to: ['__agent__', '__admin__'],
  created_by: ['__customer__', '__agent__'],
  current_password: [PASSWORD],
  cursor: [''],
  email: ['__customer__@example.com'],
  expires: ['__expires__'],
  expires_at: ['2099-01-01'],
  filename: ['f'],
  password: [PASSWORD],
  signature: ['__signature__'],
  since: ['2020-01-01'],
}

import { PASSWORD } from '../../test/helpers/path-ids'

const USER_PLACEHOLDERS = [
  '__admin__',
  '__agent__',
  '__customer__',
  '__stranger__',
  '__other_agent__',
  '__missing_user__',
]

/**
 * Meaningful values by field or parameter name, without which few valid requests would have an effect. `id` is for all
 * values in the form of an ID.
 */
export const SEED_VALUES: Record<string, unknown[]> = {
  id: USER_PLACEHOLDERS,
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

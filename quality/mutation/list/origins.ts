import { inside, together } from '../mutation.ts'

/** The public origin of a deployed service, which is only served over HTTPS. */
export const ORIGINS = [
  ...inside('linksOf', ['http/public-origin'], (it) => [it.property('origin').replaceWith('origin')]),
  ...together(
    inside('createApp', ['http/require-https'], (it) => [
      it.reference('requireHttps').replaceWith('preflights'),
      it.reference('preflights').replaceWith('requireHttps'),
    ]),
  ),
  ...inside('requireHttps', ['http/require-https'], (it) => [
    it.condition().part(1).unchain(),
    it.condition().part(2).remove(),
  ]),
  ...inside('configOf', ['core/config'], (it) => [it.call('originProblems').remove()]),
  ...inside('originProblems', ['core/config'], (it) => [
    it.literal('staging').replaceWith("''"),
    it.literal('production').replaceWith("''"),
    it.literal('https:').replaceWith("'http'"),
  ]),
  ...inside('isWebOrigin', ['core/config'], (it) => [it.call('test').remove(), it.operator('===').remove()]),
]

import { of } from '../mutation.ts'

/** The one public origin of a deployed service, and that it is served over HTTPS alone. */
export const ORIGINS = [
  ...of('service-context.ts', ['http/public-origin'], [['origin: configOf(c.env).publicOrigin ?? origin,', 'origin,']]),
  ...of(
    'app.ts',
    ['http/require-https'],
    [['  app.use(requireHttps)\n  app.use(preflights)\n', '  app.use(preflights)\n  app.use(requireHttps)\n']],
  ),
  ...of(
    'http/require-https.ts',
    ['http/require-https'],
    [
      ["publicOrigin?.startsWith('https:') && ", 'publicOrigin && '],
      [" && !c.req.url.startsWith('https:')", ''],
    ],
  ),
  ...of('env.ts', ['lib/config'], [['...originProblems(env)', '']]),
  ...of(
    'variables.ts',
    ['lib/config'],
    [
      ["ENVIRONMENT === 'staging' || ", ''],
      [" || ENVIRONMENT === 'production'", ''],
      [" || PUBLIC_ORIGIN.startsWith('https:')", " || PUBLIC_ORIGIN.startsWith('http')"],
      ['/^https?:$/.test(url.protocol) && ', ''],
      [' && url.origin === text', ''],
    ],
  ),
]

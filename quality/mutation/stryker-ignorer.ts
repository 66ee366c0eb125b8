import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin'

/** A node of Babel's syntax tree, as far as it is read here. */
interface Path {
  listKey?: string
  parent?: { type: string; callee?: { property?: { name?: string } } }
}

/** The arguments of `.openapi(…)` change the document, which has checks of its own, and not what the module does. */
export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, 'documentation', {
    shouldIgnore({ listKey, parent }: Path) {
      const isArgument = parent?.type === 'CallExpression' && listKey === 'arguments'
      return isArgument && parent.callee?.property?.name === 'openapi' ? 'documentation' : undefined
    },
  }),
]

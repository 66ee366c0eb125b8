import { ts } from 'ts-morph'

/** The tables of the database as the source declares them: which names there stand for which tables and columns. */
export class Schema {
  private readonly tables = new Map<string, string>()
  private readonly columns = new Map<string, Set<string>>()

  constructor(files: readonly ts.SourceFile[]) {
    for (const file of files)
      if (file.text.includes('sqliteTable('))
        for (const statement of file.statements)
          if (ts.isVariableStatement(statement))
            for (const declaration of statement.declarationList.declarations) this.read(declaration)
  }

  /** Such as `account_state` for `accountState`. */
  table(expression: ts.Expression): string | undefined {
    return ts.isIdentifier(expression) ? this.tables.get(expression.text) : undefined
  }

  /** The columns that `t.accountId` may be, where `t` is a table or an alias of one; undefined for any other value. */
  column(expression: ts.Expression): Set<string> | undefined {
    if (!ts.isPropertyAccessExpression(expression) || !ts.isIdentifier(expression.expression)) return undefined
    const { text } = expression.expression
    const isTable = this.tables.has(text) || text.length === 1 || isAlias(expression.expression)
    return isTable ? this.columns.get(expression.name.text) : undefined
  }

  private read({ name, initializer }: ts.VariableDeclaration): void {
    if (!initializer || !ts.isCallExpression(initializer) || initializer.expression.getText() !== 'sqliteTable') return
    const [table, columns] = initializer.arguments
    if (!table || !ts.isStringLiteral(table) || !columns || !ts.isObjectLiteralExpression(columns)) return
    this.tables.set(name.getText(), table.text)
    for (const property of columns.properties) {
      const column = ts.isPropertyAssignment(property) ? firstString(property.initializer) : undefined
      if (!column || !property.name) continue
      const key = property.name.getText()
      this.columns.set(key, (this.columns.get(key) ?? new Set()).add(column))
    }
  }
}

/** The name in `text('account_id').notNull()`. */
function firstString(expression: ts.Expression): string | undefined {
  if (ts.isPropertyAccessExpression(expression)) return firstString(expression.expression)
  if (!ts.isCallExpression(expression)) return undefined
  const [first] = expression.arguments
  if (ts.isIdentifier(expression.expression)) return first && ts.isStringLiteral(first) ? first.text : undefined
  return firstString(expression.expression)
}

function isAlias(name: ts.Identifier): boolean {
  return new RegExp(String.raw`\b${name.text} = (alias|qualified)\(`).test(name.getSourceFile().text)
}

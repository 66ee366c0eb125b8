/** Regular expressions that run on a text of at least `length` during `work`. */
export async function patternsRunOn(length: number, work: () => unknown): Promise<string[]> {
  const found: string[] = []
  const { exec } = RegExp.prototype
  // With a replaced `exec`, `test`, `replace`, `split` and the others call it.
  RegExp.prototype.exec = function (text) {
    if (String(text).length >= length) found.push(String(this))
    return exec.call(this, text)
  }
  try {
    await work()
  } finally {
    RegExp.prototype.exec = exec
  }
  return found
}

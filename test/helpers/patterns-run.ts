/** The regular expressions that run on a text of at least some length while `work` does. */
export async function patternsRunOn(length: number, work: () => unknown): Promise<string[]> {
  const found: string[] = []
  const { exec } = RegExp.prototype
  // Once it is replaced, `test`, `replace`, `split` and all others come through it.
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

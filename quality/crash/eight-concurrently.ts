/** Returns the results in the order of the items. */
export async function eightAtATime<T, R>(items: T[], run: (item: T) => Promise<R>): Promise<R[]> {
  const queue = items.entries()
  const results: R[] = []
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await run(item)
  }
  await Promise.all(Array.from({ length: 8 }, worker))
  return results
}

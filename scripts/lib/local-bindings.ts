import { getPlatformProxy } from 'wrangler'
import { stateFolder } from './local-state.ts'

export interface LocalBindings {
  DB: D1Database
  FILES: R2Bucket
}

/** Calls `use` with local stores, which are created if they do not exist. Never remote ones. */
export async function withLocalBindings<T>(use: (bindings: LocalBindings) => Promise<T>): Promise<T> {
  const { env, dispose } = await getPlatformProxy<LocalBindings>({
    configPath: `${import.meta.dirname}/local-stores.toml`,
    persist: { path: `${stateFolder()}/v3` },
    remoteBindings: false,
  })
  try {
    return await use(env)
  } finally {
    await dispose()
  }
}

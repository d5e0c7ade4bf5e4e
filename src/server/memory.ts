// Small bodies by digest, the least recently used go first when the bytes run out. Content-addressed, so nothing here is
// ever stale.

export interface Memory {
  get(sha256: string): Uint8Array | undefined
  /** The body of that digest, loaded once however many ask at the same time. */
  load(sha256: string, load: () => Promise<Uint8Array>): Promise<Uint8Array>
  clear(): void
}

/** What one entry costs beyond its bytes: key, map slot, buffer object. An estimate. */
const overhead = 256

/** `limit` in bytes. */
export function createMemory(limit: number): Memory {
  // A Map remembers the order of insertion: the first key is the one that was used longest ago.
  const held = new Map<string, Uint8Array>()
  const loading = new Map<string, Promise<Uint8Array>>()
  let used = 0

  function keep(sha256: string, body: Uint8Array): void {
    if (body.length + overhead > limit) return
    held.set(sha256, body)
    used += body.length + overhead
    for (const [oldest, bytes] of held) {
      if (used <= limit) return
      held.delete(oldest)
      used -= bytes.length + overhead
    }
  }

  return {
    get(sha256) {
      const body = held.get(sha256)
      if (body === undefined) return undefined
      held.delete(sha256)
      held.set(sha256, body)
      return body
    },
    load(sha256, load) {
      const running = loading.get(sha256)
      if (running !== undefined) return running
      const started = load()
        .then((body) => {
          keep(sha256, body)
          return body
        })
        .finally(() => loading.delete(sha256))
      loading.set(sha256, started)
      return started
    },
    clear() {
      held.clear()
      used = 0
    },
  }
}

// How many requests are under way: per host, and in all. A slot is held until the body of its answer is done with.

import PQueue from 'p-queue'
import type { Ask } from './client.ts'

interface Queues {
  /** Waits for a slot and returns what gives it back. Higher `priority` goes first; rejects when the signal aborts. */
  slot(host: string, limit: number, ask: Pick<Ask, 'priority' | 'signal'>): Promise<() => void>
  /** Turns away all who wait. */
  clear(): void
}

/** `total` is the most requests at once over all hosts. */
export function createQueues(total: number): Queues {
  const all = new PQueue({ concurrency: total })
  const hosts = new Map<string, PQueue>()

  function queueOf(host: string, limit: number): PQueue {
    const known = hosts.get(host)
    if (known !== undefined) {
      // Repositories may share a host: the most careful of them decides.
      known.concurrency = Math.min(known.concurrency, limit)
      return known
    }
    const made = new PQueue({ concurrency: limit })
    made.addEventListener('idle', () => hosts.delete(host))
    hosts.set(host, made)
    return made
  }

  return {
    async slot(host, limit, ask) {
      const leaveHost = await enter(queueOf(host, limit), ask)
      try {
        const leaveAll = await enter(all, ask)
        return () => {
          leaveAll()
          leaveHost()
        }
      } catch (error) {
        leaveHost()
        throw error
      }
    },
    clear() {
      for (const queue of [...hosts.values(), all]) queue.clear()
    },
  }
}

/** Resolves to the function that leaves the queue, once its turn has come. */
function enter(queue: PQueue, { priority = 0, signal }: Pick<Ask, 'priority' | 'signal'>): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const turn = () => new Promise<void>((leave) => resolve(leave))
    queue.add(turn, { priority, ...(signal === undefined ? {} : { signal }) }).catch(reject)
  })
}

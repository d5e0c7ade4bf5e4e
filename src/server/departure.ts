// Notices that a client has gone away while its answer is being written. Node closes the response that is being sent,
// but says nothing to those queued behind it on the same connection, so the socket itself is watched.

import type { Socket } from 'node:net'

export interface Departure {
  readonly gone: boolean
  /** Settles as `promise` does; resolves with undefined at once when the client goes, or has gone. */
  unlessGone<T>(promise: Promise<T>): Promise<T | undefined>
  end(): void
}

/** One listener a socket, however many pipelined requests wait on it. */
const watched = new WeakMap<Socket, Set<() => void>>()

function watchersOf(socket: Socket): Set<() => void> {
  const known = watched.get(socket)
  if (known !== undefined) return known
  const watchers = new Set<() => void>()
  watched.set(socket, watchers)
  socket.once('close', () => {
    for (const watcher of watchers) watcher()
  })
  return watchers
}

export function watchDeparture(socket: Socket): Departure {
  // A promise that lives as long as the answer would collect a reaction for every piece; a set of waiters does not.
  const waiters = new Set<() => void>()
  const watchers = watchersOf(socket)

  function leave(): void {
    for (const waiter of waiters) waiter()
  }
  watchers.add(leave)

  return {
    get gone() {
      // Known before the event that tells of it.
      return socket.destroyed
    },
    unlessGone(promise) {
      return new Promise((resolve, reject) => {
        const left = (): void => resolve(undefined)
        promise.then(resolve, reject).finally(() => waiters.delete(left))
        if (socket.destroyed) left()
        else waiters.add(left)
      })
    },
    end() {
      watchers.delete(leave)
    },
  }
}

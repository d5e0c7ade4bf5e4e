// Other servers, where they are installed: started on a port of their own, and waited for until they answer.

import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from './client.ts'
import { freePort } from './port.ts'
import { type Core, type Started, startSilent } from './process.ts'

export interface Peer extends Started {
  /** Address without a trailing slash. */
  readonly url: string
}

/** `argv` by the port to listen on. Throws when `path` has no answer below 500 within half a minute. */
export async function startPeer(argv: (port: number) => readonly string[], path = '/', core: Core = 0): Promise<Peer> {
  const port = await freePort()
  const words = argv(port)
  const started = startSilent(words, core)
  const url = `http://127.0.0.1:${port}`
  const until = performance.now() + 30_000
  while (performance.now() < until) {
    const answered = await ask(url + path).then(
      ({ status }) => status < 500,
      () => false,
    )
    if (answered) return { ...started, url }
    await sleep(20)
  }
  await started.stop()
  throw new Error(`${words.join(' ')} does not answer`)
}

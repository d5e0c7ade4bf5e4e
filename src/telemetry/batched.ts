// One write for all lines of a turn of the event loop: under load a write a line costs more than making the line.

import type { LineSink } from './lines.ts'

export interface Batched extends LineSink {
  flush(): void
}

/** Writes at most about `most` characters at once, whole lines always. */
export function batched(out: LineSink, most = 65_536): Batched {
  let waiting = ''
  function flush(): void {
    const text = waiting
    waiting = ''
    if (text !== '') out.write(text)
  }
  return {
    write(line) {
      if (waiting.length + line.length > most) flush()
      if (waiting === '') setImmediate(flush)
      waiting += line
    },
    flush,
  }
}

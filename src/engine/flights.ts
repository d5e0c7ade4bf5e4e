// One flight per resource: whoever asks for what is already under way shares it.

export interface Flights {
  /** The flight under this key, started when there is none. It is forgotten when its `landed` settles. */
  share<T extends Flight>(key: string, start: () => T): T
  get(key: string): Flight | undefined
  /** Resolves when all flights under keys with this prefix have landed or failed. */
  settled(prefix: string): Promise<void>
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
}

export interface Flight {
  /** Settles when all of its work is done; a rejection is the flight's failure. */
  readonly landed: Promise<unknown>
}

export function createFlights(): Flights {
  const flights = new Map<string, Flight>()
  return {
    share<T extends Flight>(key: string, start: () => T): T {
      const known = flights.get(key)
      if (known !== undefined) return known as T
      const flight = start()
      flights.set(key, flight)
      const forget = () => {
        if (flights.get(key) === flight) flights.delete(key)
      }
      flight.landed.then(forget, forget)
      return flight
    },
    get: (key) => flights.get(key),
    async settled(prefix) {
      const some = [...flights].filter(([key]) => key.startsWith(prefix))
      await Promise.allSettled(some.map(([, flight]) => flight.landed))
    },
    async idle() {
      while (flights.size > 0) await Promise.allSettled([...flights.values()].map((flight) => flight.landed))
    },
  }
}

/** A flight that is a single promise. */
export interface Task<T> extends Flight {
  readonly landed: Promise<T>
}
export const task = <T>(work: () => Promise<T>): Task<T> => ({ landed: work() })

// A mirror as a snapshot saw it: offline, by the clock of its making, so that a cooldown hides what it hid then; policy is
// that of today, so that what was denied since stays denied.

import type { Snapshot } from '../catalog/snapshots.ts'
import { createFlights } from './flights.ts'
import { createHolder } from './hold.ts'
import type { Mirror } from './mirror.ts'

export interface SnapshotMirror {
  readonly mirror: Mirror
  /** What is under way is finished. The mirror that it was opened from stays. */
  close(): Promise<void>
}

export function openSnapshot(of: Mirror, { id, made }: Snapshot): SnapshotMirror {
  const catalog = of.catalog.at(id)
  const flights = createFlights()
  const holder = createHolder(catalog, of.store, of.clock)
  return {
    mirror: { ...of, catalog, flights, holder, offline: true, now: () => made },
    async close() {
      await flights.idle()
      await holder.settle()
      catalog.close()
    },
  }
}

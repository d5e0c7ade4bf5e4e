// One process of `serve --workers`: meets clients, serves what is held by itself, and passes on the rest. It has no engine
// and writes nothing but its log.

import cluster from 'node:cluster'
import { watchCatalog } from '../catalog/watch.ts'
import { asMirrorError } from '../errors.ts'
import { createAccel } from '../server/accel.ts'
import { createAddresses } from '../server/addresses.ts'
import { createFront } from '../server/front.ts'
import { withHeads } from '../server/heads.ts'
import { createHits } from '../server/hits.ts'
import { createLasting } from '../server/lasting.ts'
import { type Listening, listen } from '../server/listen.ts'
import { behindRelay } from '../server/relay.ts'
import { createResponder } from '../server/respond.ts'
import { openDiskStore } from '../store/disk.ts'
import { createAccessLog } from '../telemetry/access.ts'
import type { FromWorker, Plan, ToWorker } from './workers.ts'

// a terminal tells the whole group; the process with the engine says when to stop
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)

const tell = (message: FromWorker): Promise<void> =>
  new Promise((resolve) => {
    if (process.send === undefined) resolve()
    else process.send(message, undefined, undefined, () => resolve())
  })

/** Begins to serve. Returns what ends it. */
async function begin(plan: Plan): Promise<(grace: number) => Promise<void>> {
  const watched = watchCatalog(plan.catalog)
  const store = await openDiskStore(plan.store)
  const responder = createResponder(store, { accel: plan.accel === undefined ? undefined : createAccel(plan.accel) })
  const log = createAccessLog(plan.log, process.stderr, { shared: true })
  let told: Promise<void> = Promise.resolve()
  const hits = createHits((uses) => {
    told = tell({ type: 'used', uses })
  }, Date.now)
  const all: Listening[] = []
  const addresses = createAddresses(plan.baseUrl, plan.hosts, () => all.flatMap((one) => one.ports))
  const named: [string, readonly string[]][] = []
  for (const { name, at } of plan.listen) {
    const app = createFront({
      behind: behindRelay(plan.engine, name, addresses),
      lasting: createLasting(watched.epoch, Date.now),
      hits,
      responder,
      respond: (request, response, { served }) => responder.respond(request, response, served),
      answered: log.answered,
    })
    const listening = await listen(plan.debug ? withHeads(app, log.said) : app, at)
    all.push(listening)
    named.push([name, listening.addresses])
  }
  await tell({ type: 'ready', addresses: Object.fromEntries(named), ports: all.flatMap((one) => one.ports) })
  return async (grace) => {
    await Promise.all(all.map((one) => one.close(grace)))
    hits.close()
    responder.close()
    watched.close()
    await Promise.all([store.close(), told])
    log.flush()
  }
}

let end: ((grace: number) => Promise<void>) | undefined

process.on('message', async (message: ToWorker) => {
  try {
    if (message.type === 'plan') {
      end = await begin(message.plan)
      return
    }
    await end?.(message.grace)
  } catch (error) {
    const { message: text, hint } = asMirrorError(error)
    await tell({ type: 'failed', message: text, hint })
  }
  cluster.worker?.kill()
})

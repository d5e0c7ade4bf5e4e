// `pkgmirror serve`: pull-through HTTP over the same engine, or only what is held with --offline.

import { availableParallelism } from 'node:os'
import { createAccel } from '../server/accel.ts'
import { createAddresses } from '../server/addresses.ts'
import { alone } from '../server/alone.ts'
import { createApp } from '../server/app.ts'
import { withHeads } from '../server/heads.ts'
import { createHits } from '../server/hits.ts'
import { type Listening, listen } from '../server/listen.ts'
import { createResponder } from '../server/respond.ts'
import { createStates } from '../server/states.ts'
import { createLog } from '../telemetry/log.ts'
import { undici } from '../upstream/agents.ts'
import type { Listener, Open, Parts } from './behind.ts'
import { collectEvery } from './collecting.ts'
import { type Context, printJson, say } from './context.ts'
import { copyEvery } from './copies.ts'
import { descriptorsFor } from './open-files.ts'
import { tellCleaned, tellLost } from './summary.ts'
import { openWorkspace, type Workspace } from './workspace.ts'

/** How long answers under way may take after a signal, milliseconds. */
const GRACE = 10_000

export async function serve(context: Context): Promise<number> {
  const { settings } = context
  const workspace = await openWorkspace(settings)
  const { mirror, events } = workspace
  const log = createLog(settings.log, process.stderr)
  const unfollow = log.follow(events)
  const responder = createResponder(mirror.store, {
    descriptors: descriptorsFor(),
    accel: settings.accel.by === 'nginx' ? createAccel(settings.accel.from) : undefined,
  })
  const hits = createHits(mirror.catalog.refs.used, mirror.now, (error) => events.emit({ type: 'warning', error }))
  const endCollecting = collectEvery(workspace)
  let endCopying: (() => Promise<void>) | undefined
  let open: Open | undefined
  const addresses = createAddresses(settings.baseUrl, settings.hosts, () => open?.ports() ?? [])
  const at: Listener[] = [
    { name: '', mirror, listen: settings.listen },
    ...alone(mirror).map((one) => ({ name: one.name, mirror: one.mirror, listen: one.listen })),
  ]
  const states = createStates(mirror)
  const parts: Parts = { workspace, states, responder, addresses, hits, log }
  const wanted = settings.workers === 'auto' ? processesFor(availableParallelism()) : settings.workers
  try {
    const behind = wanted === 0 ? undefined : (await import('./behind.ts')).openBehind(wanted, parts)
    open = behind ?? openHere()
    const { '': common = [], ...own } = await open.listen(at)
    tellCleaned(context, workspace.cleaned)
    tellLost(context, workspace)
    ready(context, common, own, workspace, behind === undefined ? 0 : wanted)
    endCopying = copyEvery(workspace)
    // loaded late, for a quick start, and not later: without free descriptors nothing can be loaded any more
    await Promise.all([log.open(), mirror.offline ? undefined : undici().catch(() => undefined)])
    await aborted(context.signal)
    return 0
  } finally {
    await open?.close(GRACE)
    await endCollecting()
    await endCopying?.()
    hits.close()
    responder.close()
    await states.close()
    await workspace.close()
    unfollow()
    await log.flush()
  }

  function openHere(): Open {
    const all: Listening[] = []
    return {
      ports: () => all.flatMap((one) => one.ports),
      async listen(listeners) {
        const named: Record<string, readonly string[]> = {}
        for (const { name, mirror: of, listen: places } of listeners) {
          const app = createApp(of, states, responder, addresses, hits)
          const shown = settings.debug ? withHeads(app, log.said) : app
          const listening = await listen(shown, places)
          all.push(listening)
          named[name] = listening.addresses
        }
        return named
      },
      async close(grace) {
        await Promise.all(all.map((one) => one.close(grace)))
      },
    }
  }
}

/** With one core, one process does everything: two would only take turns. */
const processesFor = (cores: number): number => (cores > 1 ? cores : 0)

function ready(
  context: Context,
  addresses: readonly string[],
  own: Readonly<Record<string, readonly string[]>>,
  { mirror: { offline }, cleaned }: Workspace,
  workers: number,
): void {
  if (context.json) {
    const alone = Object.keys(own).length === 0 ? {} : { repositories: own }
    printJson('ready', { addresses, ...alone, offline, cleaned, ...(workers === 0 ? {} : { workers }) })
    return
  }
  say(context, `pkgmirror is ready at ${addresses.join(' and ')}${offline ? ' (offline: only what is held)' : ''}`)
  if (workers > 0) say(context, `${workers === 1 ? 'One worker meets' : `${workers} workers meet`} the clients.`)
  for (const [name, at] of Object.entries(own)) say(context, `${name} is at ${at.join(' and ')} by itself`)
  if (addresses.every((address) => /\/\/(127\.|localhost|\[::1\])/.test(address))) {
    say(context, 'Only this machine reaches it; open it with --listen 0.0.0.0:8080.')
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

// `pkgmirror serve`: pull-through HTTP over the same engine, or only what is held with --offline.

import type { Mirror } from '../engine/mirror.ts'
import { createAddresses } from '../server/addresses.ts'
import { alone } from '../server/alone.ts'
import { createApp } from '../server/app.ts'
import { withHeads } from '../server/heads.ts'
import { createHits } from '../server/hits.ts'
import { type Listening, listen } from '../server/listen.ts'
import { createResponder } from '../server/respond.ts'
import { createLog } from '../telemetry/log.ts'
import { collectEvery } from './collecting.ts'
import { type Context, printJson, say } from './context.ts'
import { descriptorsFor } from './open-files.ts'
import { tellCleaned } from './summary.ts'
import { openWorkspace, type Workspace } from './workspace.ts'

/** How long answers under way may take after a signal, milliseconds. */
const GRACE = 10_000

export async function serve(context: Context): Promise<number> {
  const { settings } = context
  const workspace = await openWorkspace(settings)
  const { mirror, events } = workspace
  const log = await createLog(settings.log, process.stderr)
  const unfollow = log.follow(events)
  const responder = createResponder(mirror.store, { descriptors: descriptorsFor() })
  const hits = createHits(mirror.catalog.refs.used, mirror.now, (error) => events.emit({ type: 'warning', error }))
  const endCollecting = collectEvery(workspace)
  const all: Listening[] = []
  const ports = (): readonly number[] => all.flatMap((one) => one.ports)
  const addresses = createAddresses(settings.baseUrl, settings.hosts, ports)
  try {
    const open = async (of: Mirror, at: readonly string[]): Promise<readonly string[]> => {
      const app = createApp(of, responder, addresses, hits)
      const shown = settings.debug ? withHeads(app, (record, text) => log.logger.info(record, text)) : app
      const listening = await listen(shown, at)
      all.push(listening)
      return listening.addresses
    }
    const common = await open(mirror, settings.listen)
    const own: Record<string, readonly string[]> = {}
    for (const one of alone(mirror)) own[one.name] = await open(one.mirror, one.listen)
    tellCleaned(context, workspace.cleaned)
    ready(context, common, own, workspace)
    await aborted(context.signal)
    return 0
  } finally {
    await Promise.all(all.map((one) => one.close(GRACE)))
    await endCollecting()
    hits.close()
    responder.close()
    await workspace.close()
    unfollow()
    log.flush()
  }
}

function ready(
  context: Context,
  addresses: readonly string[],
  own: Readonly<Record<string, readonly string[]>>,
  { mirror: { offline }, cleaned }: Workspace,
): void {
  if (context.json) {
    printJson('ready', { addresses, ...(Object.keys(own).length === 0 ? {} : { repositories: own }), offline, cleaned })
    return
  }
  say(context, `pkgmirror is ready at ${addresses.join(' and ')}${offline ? ' (offline: only what is held)' : ''}`)
  for (const [name, at] of Object.entries(own)) say(context, `${name} is at ${at.join(' and ')} by itself`)
  if (addresses.every((address) => /\/\/(127\.|localhost|\[::1\])/.test(address))) {
    say(context, 'Only this machine reaches it; open it with --listen 0.0.0.0:8080.')
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

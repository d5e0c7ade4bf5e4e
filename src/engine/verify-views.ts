// Views are bytes that clients get too. A damaged one is simply forgotten: it is made anew when it is asked for.

import type { ViewPage } from '../catalog/sweeps.ts'
import { MirrorError } from '../errors.ts'
import { pages } from './turns.ts'
import type { Verified, Verifying } from './verify.ts'
import { damageOf } from './verify-damage.ts'

export async function verifyViews(at: Verifying): Promise<void> {
  const { mirror, options } = at
  for await (const page of pages<ViewPage>(options.signal, (after) =>
    mirror.catalog.sweeps.viewsFrom(after?.key ?? ''),
  )) {
    for (const view of page) {
      if (options.repo !== undefined && view.repo !== options.repo) continue
      if (options.sample < 1 && options.random() >= options.sample) continue
      await verifyView(at, view)
    }
  }
}

async function verifyView(at: Verifying, view: ViewPage): Promise<void> {
  const { catalog } = at.mirror
  const started = performance.now()
  const broken: { readonly sha256: string; readonly damage: string }[] = []
  for (const sha256 of view.blobs) {
    const found = await at.hashing.hash(sha256, ['sha256'])
    const damage = damageOf(sha256, catalog.blobs.get(sha256), found)
    if (damage !== undefined) broken.push({ sha256, damage })
  }
  const item: Verified = {
    repo: view.repo,
    path: view.path,
    bytes: view.size,
    proof: 'made',
    proven: `made here as ${view.type}`,
    unnamed: false,
  }
  const [first] = broken
  if (first === undefined) return at.tell(item, performance.now() - started)
  // made anew or dropped while it was hashed
  if (catalog.views.get(view.key)?.used !== view.used) return undefined
  const message = `what is shown of ${view.path} as ${view.type} is damaged: ${first.damage}`
  const error = new MirrorError('DAMAGED', message, { path: view.path })
  if (at.options.repair) for (const { sha256 } of broken) await forget(at, view, sha256)
  return at.tell({ ...item, error, ...(at.options.repair ? { repaired: true } : {}) }, performance.now() - started)
}

async function forget({ mirror }: Verifying, view: ViewPage, sha256: string): Promise<void> {
  const { catalog, store } = mirror
  catalog.views.drop(view.key)
  // bytes that a path holds too are mended with that path
  if (catalog.refs.bySha256(sha256).length === 0) {
    catalog.blobs.drop(sha256)
    await store.delete(sha256)
  }
  catalog.touch()
}

// How upstreams are asked: for all of them, and where one repository differs.

import type { Tree } from './document.ts'
import { type Key, networkKeys } from './keys.ts'
import { checkKeys } from './known.ts'
import { dig, type Reader } from './reader.ts'
import { subtree } from './shapes.ts'
import type { Network } from './types.ts'

export function readNetwork(reader: Reader): Network {
  return network({
    proxy: reader.value('proxy'),
    ca: reader.value('ca'),
    cert: reader.value('cert'),
    key: reader.value('key'),
    timeouts: {
      connect: reader.value('timeouts.connect'),
      headers: reader.value('timeouts.headers'),
      idle: reader.value('timeouts.idle'),
    },
    concurrency: { host: reader.value('concurrency.host'), total: reader.value('concurrency.total') },
    retries: reader.value('retries'),
  })
}

/** The network of one repository: its own keys over those of the whole. */
export function networkOf(name: string, tree: Tree, reader: Reader, whole: Network): Network {
  const path = `repositories.${name}`
  checkKeys(subtree(dig(tree, 'timeouts')?.node, `${path}.timeouts`), `${path}.timeouts`, [
    'connect',
    'headers',
    'idle',
  ])
  checkKeys(subtree(dig(tree, 'concurrency')?.node, `${path}.concurrency`), `${path}.concurrency`, ['host', 'total'])
  const own = <T>(key: string, { kind }: Key<T>) => reader.under(tree, key, path, kind)
  return network({
    proxy: own('proxy', networkKeys.proxy) ?? whole.proxy,
    ca: own('ca', networkKeys.ca) ?? whole.ca,
    cert: own('cert', networkKeys.cert) ?? whole.cert,
    key: own('key', networkKeys.key) ?? whole.key,
    timeouts: {
      connect: own('timeouts.connect', networkKeys['timeouts.connect']) ?? whole.timeouts.connect,
      headers: own('timeouts.headers', networkKeys['timeouts.headers']) ?? whole.timeouts.headers,
      idle: own('timeouts.idle', networkKeys['timeouts.idle']) ?? whole.timeouts.idle,
    },
    concurrency: {
      host: own('concurrency.host', networkKeys['concurrency.host']) ?? whole.concurrency.host,
      total: own('concurrency.total', networkKeys['concurrency.total']) ?? whole.concurrency.total,
    },
    retries: own('retries', networkKeys.retries) ?? whole.retries,
  })
}

type Given = { readonly [K in keyof Network]: Network[K] | undefined } & Pick<
  Network,
  'timeouts' | 'concurrency' | 'retries'
>

function network({ proxy, ca, cert, key, ...rest }: Given): Network {
  return {
    ...rest,
    ...(proxy !== undefined && proxy !== 'none' && { proxy }),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  }
}

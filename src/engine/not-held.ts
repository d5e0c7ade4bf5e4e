// The failure of a mirror that may not ask upstream.

import { MirrorError } from '../errors.ts'
import type { Resource } from './resolve.ts'

export function notHeld(resource: Resource, expired: boolean): MirrorError {
  const { name } = resource.mounted.settings
  const reason = expired ? 'is held but older than `expire_after` allows' : 'is not held, and this mirror is offline'
  return new MirrorError('NOT_HELD', `${resource.path} of ${name} ${reason}`, { path: resource.path, repo: name })
}

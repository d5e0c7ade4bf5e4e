// The address that clients on this machine reach the mirror at, as far as the configuration tells.

import type { Settings } from '../config/types.ts'
import { MirrorError } from '../errors.ts'

/** Without a trailing slash: `base_url`, else the first address that `serve` would listen at. Throws USAGE for a port that is chosen at start. */
export function baseOf({ baseUrl, listen }: Pick<Settings, 'baseUrl' | 'listen'>): string {
  if (baseUrl !== undefined) return baseUrl.replace(/\/+$/, '')
  const [, host = '127.0.0.1', port = '8080'] = /^(.*):(\d+)$/.exec(listen[0] ?? '') ?? []
  if (port === '0') {
    throw new MirrorError('USAGE', 'the port is chosen when `serve` starts, so the address is not known', {
      hint: 'Name it with --base-url, as the ready line of `serve` tells it.',
    })
  }
  const everywhere = host === '' || host === '0.0.0.0' || host === '*'
  const reached = everywhere ? '127.0.0.1' : host === '[::]' ? '[::1]' : host
  return `http://${reached}${port === '80' ? '' : `:${port}`}`
}

// Who signed a bundle or a receipt: one of those that `keys trust` was told of, or nobody.

import { asMirrorError, MirrorError } from '../errors.ts'
import { verifyMinisign } from '../trust/minisign.ts'
import { anchors } from './key-files.ts'

/** The number of the key. Throws UNKNOWN_KEY, BAD_SIGNATURE, BAD_FRAMING, NO_SIGNATURE. */
export async function signedBy(data: string, signed: Uint8Array, signature: Uint8Array, file: string): Promise<string> {
  const trusted = await anchors(data)
  try {
    const { key } = await verifyMinisign(
      signature,
      trusted.map(({ bytes }) => bytes),
      signed.length,
      async function* whole() {
        yield signed
      },
    )
    return key
  } catch (thrown) {
    const error = asMirrorError(thrown)
    const unknown = error.code === 'UNKNOWN_KEY'
    const message = unknown ? `is signed by a key that is not trusted here: ${error.message}` : error.message
    const hint = unknown
      ? 'Ask the other side for its key in another way, compare, and name it to `pkgmirror keys trust`.'
      : 'Carry it again. If that does not help, somebody has changed it.'
    throw new MirrorError(error.code, message, { file, cause: thrown, hint })
  }
}

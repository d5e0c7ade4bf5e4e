// Receipts: what the far side has, signed by it, in one small file or on paper. The first line is what is signed, the four after
// it are a signature of minisign.

import { readPlain } from '../bundle/plain-file.ts'
import { MirrorError } from '../errors.ts'
import { formatReceipt, mostHeader, mostSignature, parseReceipt, type Receipt } from '../formats/bundle.ts'
import { hashOf } from '../formats/digest.ts'
import type { MinisignSecret } from '../trust/minisign-secret.ts'
import { signedBy } from './signed-by.ts'

export function receiptText(receipt: Receipt, secret: MinisignSecret): string {
  const text = formatReceipt(receipt)
  const comment = `pkgmirror receipt of bundle ${receipt.number} of ${receipt.series}`
  return `${text}${secret.sign(Buffer.from(text), comment)}`
}

/** Throws what is wrong with it: BUNDLE, UNKNOWN_KEY, BAD_SIGNATURE. */
export async function readReceipt(file: string, data: string): Promise<Receipt> {
  const bytes = Buffer.from(await readPlain(file, mostHeader + mostSignature))
  const end = bytes.indexOf('\n') + 1
  if (end === 0) throw new MirrorError('BUNDLE', 'is no receipt', { file })
  const text = bytes.subarray(0, end)
  await signedBy(data, text, bytes.subarray(end), file)
  return parseReceipt(text, file)
}

/** Of a signed header: what the next bundle and the receipt name it by. */
export const headerDigest = (header: Uint8Array): string => hashOf(header)

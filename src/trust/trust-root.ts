// A Sigstore trust root, as a file: who may issue certificates and keep logs, and when.

import type { TrustMaterial } from '@sigstore/verify'
import { MirrorError } from '../errors.ts'
import { hashOf } from '../formats/digest.ts'

/** Who may issue certificates and keep logs, and when; made by `readTrustRoot`. */
export interface TrustRoot {
  readonly material: Material
}
type Material = Omit<TrustMaterial, 'publicKey'>

/** By the digest of their file. */
const materials = new Map<string, Material>()
const mostKept = 16

/** Reads a `trusted_root.json`, or several that count side by side. Throws CONFIG when one is none. */
export async function readTrustRoot(...files: readonly Uint8Array[]): Promise<TrustRoot> {
  const materials = await Promise.all(files.map(readMaterial))
  return {
    material: {
      certificateAuthorities: materials.flatMap((one) => one.certificateAuthorities),
      timestampAuthorities: materials.flatMap((one) => one.timestampAuthorities),
      tlogs: materials.flatMap((one) => one.tlogs),
      ctlogs: materials.flatMap((one) => one.ctlogs),
    },
  }
}

async function readMaterial(bytes: Uint8Array): Promise<Material> {
  const digest = hashOf(bytes)
  const known = materials.get(digest)
  if (known !== undefined) return known
  const [{ toTrustMaterial }, { TrustedRoot }] = await Promise.all([
    import('@sigstore/verify'),
    import('@sigstore/protobuf-specs'),
  ])
  let material: Material
  let starts: readonly (Date | undefined)[]
  try {
    const read = TrustedRoot.fromJSON(JSON.parse(Buffer.from(bytes).toString()))
    material = toTrustMaterial(read)
    starts = [
      ...[...read.tlogs, ...read.ctlogs].map(({ publicKey }) => publicKey?.validFor?.start),
      ...[...read.certificateAuthorities, ...read.timestampAuthorities].map(({ validFor }) => validFor?.start),
    ]
  } catch (cause) {
    throw new MirrorError('CONFIG', 'The Sigstore trust root cannot be read.', { cause })
  }
  if (material.certificateAuthorities.length === 0) {
    throw new MirrorError('CONFIG', 'The Sigstore trust root names no certificate authority.')
  }
  if (starts.includes(undefined)) {
    throw new MirrorError('CONFIG', 'The Sigstore trust root does not say since when each log and authority counts.')
  }
  if (materials.size >= mostKept) materials.clear()
  materials.set(digest, material)
  return material
}

// Which images of an index a machine runs: https://github.com/opencontainers/image-spec/blob/main/image-index.md#image-index-property-descriptions

import type { Platform } from '../../contract.ts'
import { goArchitectures, goSystems } from '../go-platform.ts'
import type { Descriptor } from './manifest.ts'

/** With the variant where there is one. */
const architectures: Readonly<Record<string, string>> = {
  ...goArchitectures,
  armv7: 'arm/v7',
  armv7l: 'arm/v7',
  armhf: 'arm/v7',
  armv6: 'arm/v6',
  armv6l: 'arm/v6',
  armel: 'arm/v6',
  ppc64: 'ppc64le',
  loongarch64: 'loong64',
}

const attested = 'vnd.docker.reference.digest'

function runs({ os, cpu }: Platform, { platform }: Descriptor): boolean {
  const system = os === undefined ? undefined : (goSystems[os] ?? os)
  const [architecture, variant] = (cpu === undefined ? '' : (architectures[cpu] ?? cpu)).split('/')
  if (system !== undefined && platform?.os !== system) return false
  if (architecture !== '' && platform?.architecture !== architecture) return false
  return variant === undefined || platform?.variant == null || platform.variant === variant
}

/**
 * The parts of an index that these platforms need, all of them when there are none; what names no platform is for all, and an
 * attestation goes with the image that it is about.
 */
export function partsFor(manifests: readonly Descriptor[], platforms: readonly Platform[]): readonly Descriptor[] {
  if (platforms.length === 0) return manifests
  const about = (one: Descriptor): string | undefined => one.annotations?.[attested]
  const images = manifests.filter(
    (one) => about(one) === undefined && (one.platform == null || platforms.some((platform) => runs(platform, one))),
  )
  const chosen = new Set(images.map(({ digest }) => digest))
  return manifests.filter((one) => chosen.has(one.digest) || chosen.has(about(one) ?? ''))
}

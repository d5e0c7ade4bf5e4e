// The lockfile formats: one import and one name each. A name tells more than a beginning, a whole name more than a
// pattern; of several beginnings the first that fits counts, so formats that are hard to tell stand last.

import path from 'node:path'
import type { LockFormat } from '../contract.ts'
import { apkoLock } from './apko-lock.ts'
import { berksfileLock } from './berksfile-lock.ts'
import { bunLock } from './bun-lock.ts'
import { bunLockb } from './bun-lockb.ts'
import { cabalFreeze } from './cabal-freeze.ts'
import { cargoLock } from './cargo-lock.ts'
import { compose } from './compose.ts'
import { composerLock } from './composer-lock.ts'
import { conanLock } from './conan-lock.ts'
import { condaEnvironment } from './conda-environment.ts'
import { condaExplicit } from './conda-explicit.ts'
import { condaLock } from './conda-lock.ts'
import { cpanfileSnapshot } from './cpanfile-snapshot.ts'
import { cyclonedx } from './cyclonedx.ts'
import { denoLock } from './deno-lock.ts'
import { dockerfile } from './dockerfile.ts'
import { flakeLock } from './flake-lock.ts'
import { gemfileLock } from './gemfile-lock.ts'
import { githubWorkflow } from './github-workflow.ts'
import { gitlabCi } from './gitlab-ci.ts'
import { goMod } from './go-mod.ts'
import { goSum } from './go-sum.ts'
import { gradleLockfile } from './gradle-lockfile.ts'
import { helmLock } from './helm-lock.ts'
import { juliaManifest } from './julia-manifest.ts'
import { kubernetes } from './kubernetes.ts'
import { kustomization } from './kustomization.ts'
import { mavenInstall } from './maven-install.ts'
import { mixLock } from './mix-lock.ts'
import { nugetLock } from './nuget-lock.ts'
import { packageLists } from './package-lists.ts'
import { packageLock } from './package-lock.ts'
import { packageResolved } from './package-resolved.ts'
import { packagesConfig } from './packages-config.ts'
import { paketLock } from './paket-lock.ts'
import { pdmLock } from './pdm-lock.ts'
import { pipfileLock } from './pipfile-lock.ts'
import { pixiLock } from './pixi-lock.ts'
import { pnpmLock } from './pnpm-lock.ts'
import { podfileLock } from './podfile-lock.ts'
import { poetryLock } from './poetry-lock.ts'
import { policyfileLock } from './policyfile-lock.ts'
import { pom } from './pom.ts'
import { projectAssets } from './project-assets.ts'
import { pubspecLock } from './pubspec-lock.ts'
import { pylock } from './pylock.ts'
import { rebarLock } from './rebar-lock.ts'
import { renvLock } from './renv-lock.ts'
import { requirements } from './requirements.ts'
import { rpmsLock } from './rpms-lock.ts'
import { spdx } from './spdx.ts'
import { spdxTags } from './spdx-tags.ts'
import { stackLock } from './stack-lock.ts'
import { terraformLock } from './terraform-lock.ts'
import { uvLock } from './uv-lock.ts'
import { verificationMetadata } from './verification-metadata.ts'
import { yarnBerry } from './yarn-berry.ts'
import { yarnLock } from './yarn-lock.ts'

export const lockFormats: readonly LockFormat[] = [
  bunLock,
  bunLockb,
  packageLock,
  cargoLock,
  uvLock,
  poetryLock,
  pdmLock,
  pylock,
  pipfileLock,
  condaLock,
  condaExplicit,
  condaEnvironment,
  pixiLock,
  goSum,
  goMod,
  gemfileLock,
  gradleLockfile,
  verificationMetadata,
  pom,
  mavenInstall,
  yarnLock,
  yarnBerry,
  pnpmLock,
  denoLock,
  composerLock,
  nugetLock,
  projectAssets,
  packagesConfig,
  paketLock,
  mixLock,
  rebarLock,
  pubspecLock,
  conanLock,
  renvLock,
  cpanfileSnapshot,
  stackLock,
  cabalFreeze,
  packageResolved,
  podfileLock,
  juliaManifest,
  helmLock,
  terraformLock,
  berksfileLock,
  policyfileLock,
  flakeLock,
  rpmsLock,
  apkoLock,
  ...packageLists,
  cyclonedx,
  spdxTags,
  spdx,
  dockerfile,
  compose,
  kubernetes,
  kustomization,
  githubWorkflow,
  gitlabCi,
  requirements,
]

/** The format of a file, by its name, else by how it begins (`head`: the first few kB). */
export function recognise(name: string, head: Uint8Array): LockFormat | undefined {
  const base = path.basename(name)
  const begins = ({ sniff }: LockFormat): boolean => sniff?.(head) === true
  const whole = lockFormats.filter(({ names }) => names.includes(base))
  const named =
    whole.length > 0 ? whole : lockFormats.filter(({ names }) => names.some((pattern) => fits(base, pattern)))
  // names that two formats have, or that are used for another one, are settled by the beginning
  const isTold = named.every(({ sniff }) => sniff !== undefined)
  return named.find(begins) ?? (isTold ? lockFormats.find(begins) : undefined) ?? named[0]
}

/** One star at most. */
function fits(name: string, pattern: string): boolean {
  const [begin = '', end] = pattern.split('*')
  return end !== undefined && name.length >= begin.length + end.length && name.startsWith(begin) && name.endsWith(end)
}

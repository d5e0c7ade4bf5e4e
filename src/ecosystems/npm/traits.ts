// What a packument says of a version that people watch for when it changes: who may publish it, under which licence, and what
// runs when it is installed.

import type { HeldVersion, Traits } from '../../contract.ts'
import { isObject, type JsonObject } from '../../formats/json-object.ts'
import { jsonValues } from '../../formats/json-stream.ts'
import { packumentPath } from './names.ts'

export async function traits({ name, version, document }: HeldVersion): Promise<Traits | undefined> {
  const doc = await document(packumentPath(name))
  if (doc === undefined) return undefined
  let manifest: JsonObject | undefined
  // packuments have megabytes, and one version of them is wanted
  for await (const found of jsonValues(doc.stream(), [['versions', version]], doc))
    for (const { value } of found) if (isObject(value)) manifest = value
  if (manifest === undefined) return undefined
  const licence = licenceOf(manifest.license ?? manifest.licenses)
  const maintainers = [...namesOf(manifest.maintainers), ...namesOf([manifest._npmUser])]
  return {
    ...(licence === undefined ? {} : { licence }),
    scripts: scriptsOf(manifest),
    ...(maintainers.length === 0 ? {} : { maintainers: [...new Set(maintainers)].sort() }),
  }
}

/** A text, or as old packages have it an object with a type, or a list of such. */
function licenceOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) {
    const all = value.flatMap((one: unknown) => licenceOf(one) ?? [])
    return all.length === 0 ? undefined : all.join(' OR ')
  }
  return isObject(value) && typeof value.type === 'string' ? value.type : undefined
}

/** https://docs.npmjs.com/cli/v11/using-npm/scripts#npm-install */
const stages = ['preinstall', 'install', 'postinstall']

function scriptsOf({ scripts, hasInstallScript, gypfile }: JsonObject): readonly string[] {
  const stated = stages.flatMap((stage) =>
    isObject(scripts) && typeof scripts[stage] === 'string' ? `${stage}: ${scripts[stage]}` : [],
  )
  if (stated.length > 0) return stated
  if (gypfile === true) return ['install: node-gyp rebuild']
  return hasInstallScript === true ? ['install'] : []
}

function namesOf(people: unknown): readonly string[] {
  if (!Array.isArray(people)) return []
  return people.flatMap((one: unknown) => {
    if (typeof one === 'string') return one.replace(/\s*<.*/, '')
    return isObject(one) && typeof one.name === 'string' ? one.name : []
  })
}

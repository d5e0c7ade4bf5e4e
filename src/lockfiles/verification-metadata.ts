// gradle/verification-metadata.xml: https://docs.gradle.org/current/userguide/dependency_verification.html

import type { LockedDigest, LockFormat } from '../contract.ts'
import { hexDigest, ofFile } from './locked.ts'
import { fromCoordinate } from './maven.ts'
import { fault } from './place.ts'
import { headText, readText } from './text.ts'
import { attribute, childrenOf, type Element, inside, mustAttribute, parseXml } from './xml.ts'

const algorithms = ['sha512', 'sha256', 'sha1', 'md5']

export const verificationMetadata: LockFormat = {
  id: 'verification-metadata',
  names: ['verification-metadata.xml', 'verification-metadata*.xml'],
  sniff: (head) => /<verification-metadata[\s>]/.test(headText(head)),
  async *read(input) {
    const root = await parseXml(await readText(input), input.name)
    if (root.name !== 'verification-metadata') throw fault(root, `is <${root.name}>, not verification metadata`)
    for (const component of inside(root, 'components', 'component')) {
      const [group, artifact, version] = ['group', 'name', 'version'].map((name) => mustAttribute(component, name))
      const digests = childrenOf(component, 'artifact').flatMap(digestsOf)
      yield fromCoordinate(component, { group: group ?? '', artifact: artifact ?? '', version }, { digests })
    }
  },
}

/** The digests of a file; what is trusted beside them is the same file with other bytes. */
function digestsOf(artifact: Element): readonly LockedDigest[] {
  const name = mustAttribute(artifact, 'name')
  const stated = algorithms.flatMap((algorithm) => childrenOf(artifact, algorithm))
  const first = stated.map((one) => hexDigest(one, one.name, attribute(one, 'value') ?? ''))
  const also = stated.flatMap((one) =>
    childrenOf(one, 'also-trust').map((other) =>
      ofFile(hexDigest(other, one.name, attribute(other, 'value') ?? ''), name),
    ),
  )
  return [...(first.length > 0 ? [ofFile(Object.assign({}, ...first), name)] : []), ...also]
}

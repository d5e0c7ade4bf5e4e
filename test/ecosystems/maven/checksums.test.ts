import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mustAgree, readChecksum, readUpstream } from '../../../src/ecosystems/maven/checksums.ts'
import { MirrorError } from '../../../src/errors.ts'
import { doc, gather, repo } from './builders.ts'
import { digest } from './repository.ts'

const sha1 = digest('sha1', 'bytes')
const of = (body: string | Uint8Array) => readChecksum(doc('/.checksums/sha1/a/b/1/b-1.jar', body), 'sha1')

describe('a checksum file', () => {
  for (const [what, body] of Object.entries({
    'the digest alone': sha1,
    'with a line end': `${sha1}\r\n`,
    'with the name of the file': `${sha1}  b-1.jar\n`,
    'with the name before it': `SHA1(b-1.jar)= ${sha1}\n`,
    'in capitals': sha1.toUpperCase(),
    'behind a byte order mark': `\ufeff ${sha1}`,
  })) {
    it(`is read: ${what}`, async () => assert.equal(await of(body), sha1))
  }

  for (const [what, body] of Object.entries({
    'a web page': `<html>${sha1}</html>`,
    'a digest of another length': digest('md5', 'bytes'),
    'a digest with more behind it': `${sha1}00`,
    nothing: '',
    'too many bytes': `${sha1} `.repeat(1000),
    'bytes of any kind': Buffer.from([0, 1, 2]),
  })) {
    it(`is refused: ${what}`, async () => {
      await assert.rejects(of(body), (error) => error instanceof MirrorError && error.code === 'UNREADABLE')
    })
  }

  it('vouches for files that never change, by the algorithms that the repository asks for', async () => {
    const read = (algorithm: string, path: string, options = {}) =>
      gather(
        readUpstream(
          doc(`/.checksums/${algorithm}/${path}`, digest(algorithm, 'x')),
          { algorithm, path },
          repo(options),
        ),
      )
    const file = 'a/b/1/b-1.jar'
    assert.deepEqual(await read('md5', file), [
      { path: `/${file}`, digests: { md5: digest('md5', 'x') }, name: 'a:b', version: '1' },
    ])
    assert.deepEqual(await read('md5', file, { checksums: ['sha1'] }), [])
    assert.deepEqual(await read('md5', 'a/b/maven-metadata.xml'), [])
    assert.deepEqual(await read('md5', 'a/b/1-SNAPSHOT/b-1-SNAPSHOT.jar'), [])
  })

  it('of a list must fit the list that came with it', async () => {
    const path = '/a/b/maven-metadata.xml'
    const beside = (body: string) => new Map([[`/.checksums/sha1${path}`, doc(`/.checksums/sha1${path}`, body)]])
    const list = doc(path, '<metadata/>')
    await mustAgree({ ...list, beside: beside(digest('sha1', '<metadata/>')) }, repo())
    await assert.rejects(
      mustAgree({ ...list, beside: beside(sha1) }, repo()),
      (error) => error instanceof MirrorError && error.code === 'WRONG_DIGEST',
    )
    await mustAgree({ ...list, beside: beside(sha1) }, repo({ checksums: ['md5'] }))
  })
})

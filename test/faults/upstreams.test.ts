// An upstream that misbehaves in some three hundred ways. A client gets the right bytes or a truthful error, nothing that is
// wrong is kept, and when upstream is well again so is the mirror.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { isHeld } from '../../src/catalog/rows.ts'
import { asMirrorError } from '../../src/errors.ts'
import { hashOf } from '../../src/formats/digest.ts'
import { item, openTestMirror, type TestMirror } from '../builders/mirror.ts'
import { bytesOf } from '../fakes/upstream.ts'
import { sample, seed } from './form.ts'
import { type Misbehaviour, misbehaviours, type Sent } from './misbehaviours.ts'

/** Milliseconds that an upstream may be silent. */
const PATIENCE = 150
const SIZE = 150_000

const file = bytesOf(SIZE, 5)
const vouched = '/files/a/a.bin'
const bodies: Readonly<Record<string, Uint8Array>> = {
  '/index/a': Buffer.from(JSON.stringify({ files: [item('a.bin', file)], padding: 'x'.repeat(100_000) })),
  [vouched]: file,
  '/loose/b.bin': bytesOf(SIZE, 6),
}

interface Origin {
  readonly url: string
  /** From now on this path is answered so; well again when undefined. */
  break(path: string, misbehaviour: Misbehaviour | undefined): void
  close(): Promise<void>
}

async function startOrigin(): Promise<Origin> {
  let broken: { readonly path: string; readonly misbehaviour: Misbehaviour } | undefined
  let again = 0
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    let asked = ''
    socket.on('data', (piece) => {
      asked += piece.toString('latin1')
      for (let end = asked.indexOf('\r\n\r\n'); end !== -1; end = asked.indexOf('\r\n\r\n')) {
        const target = asked.split(' ')[1] ?? ''
        asked = asked.slice(end + 4)
        answer(socket, target)
      }
    })
  })
  function answer(socket: Socket, target: string): void {
    const good = bodies[target]
    if (broken?.path === target && good !== undefined) {
      send(socket, broken.misbehaviour(good, again, target))
      again += 1
    } else if (good === undefined) socket.write('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
    else socket.write(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${good.length}\r\n\r\n`), good]))
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    break(path, misbehaviour) {
      broken = misbehaviour === undefined ? undefined : { path, misbehaviour }
      again = 0
    },
    async close() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}

function send(socket: Socket, { bytes, end }: Sent): void {
  socket.write(Buffer.concat(bytes), () => {
    if (end === 'reset') socket.resetAndDestroy()
    else if (end === 'fin') socket.end()
  })
}

const mirrorOf = (url: string): Promise<TestMirror> =>
  openTestMirror({
    repositories: [
      {
        ecosystem: 'shelf',
        upstreams: [url],
        network: {
          timeouts: { connect: 1000, headers: PATIENCE, idle: PATIENCE },
          concurrency: { host: 8, total: 32 },
          retries: 0,
        },
      },
    ],
  })

/** What the mirror says; undefined for a refusal, which must have a code of its own. */
async function asked(at: TestMirror, path: string, what: string): Promise<Buffer | undefined> {
  try {
    return (await at.get(path)).bytes
  } catch (error) {
    const { code, message } = asMirrorError(error)
    assert.notEqual(code, 'FAULT', `${what}: ${message}`)
    return undefined
  }
}

/** The bytes that a path holds, by digest; undefined for none. */
function heldAt(at: TestMirror, path: string): string | undefined {
  const ref = at.mirror.catalog.refs.get('shelf', path, '', 0)
  return isHeld(ref) ? ref.sha256 : undefined
}

assert.ok(misbehaviours.length >= 300, `${misbehaviours.length} ways`)

/** Bytes that nobody vouches for are whole by their framing alone, and right when upstream says so. */
const believed = [
  /^a body framed by the end of the connection/,
  /^a half, and as its rest the same half again$/,
  /^other bytes|^one bit|^the bytes twice|^a byte more|^nothing$|^only NUL|another file$/,
  /^a sign-in page/,
  /^a length that is (?:one too few|none)/,
  /^a body said to be (?:compress|deflate|gzip, twice|gzip, gzip)/,
  /^the body with/,
  /for an answer$|before a good answer$/,
]

/** Most of the time is spent in waiting for an upstream that says nothing. */
const AT_ONCE = 40

const tried = sample(misbehaviours, 80)

for (const path of Object.keys(bodies)) {
  test(`${path}, answered in ${tried.length} wrong ways (seed ${seed})`, { timeout: 300_000 }, async () => {
    const waiting = tried.values()
    const worker = async (): Promise<void> => {
      for (const [what, misbehaviour] of waiting) await suffers(path, what, misbehaviour)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
  })
}

async function suffers(path: string, what: string, misbehaviour: Misbehaviour): Promise<void> {
  const origin = await startOrigin()
  const at = await mirrorOf(origin.url)
  const good = bodies[path] ?? new Uint8Array()
  const isRight = (got: Buffer): boolean => (path.startsWith('/index/') ? got.includes('a.bin') : got.equals(good))
  try {
    // an index is known before its file is asked for
    if (path === vouched) await at.get('/index/a')
    origin.break(path, misbehaviour)
    const got = await asked(at, path, what)
    const mayDiffer = path !== vouched && believed.some((one) => one.test(what))
    if (!mayDiffer) {
      assert.ok(got === undefined || isRight(got), `${what}: a client got wrong bytes that look complete`)
      assert.ok([undefined, hashOf(good)].includes(heldAt(at, path)), `${what}: wrong bytes were kept`)
    }
    assert.deepEqual(await at.leftovers(), [], what)
    origin.break(path, undefined)
    if (!mayDiffer) assert.ok(isRight((await at.get(path)).bytes), `${what}: not well again`)
  } finally {
    await at.close()
    await origin.close()
  }
}

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openCatalog } from '../../src/catalog/catalog.ts'
import { createStates } from '../../src/server/states.ts'
import { hour, item } from '../builders/mirror.ts'
import { json, text } from '../fakes/upstream.ts'
import { type Site, site } from './site.ts'

interface Shown {
  readonly base: string
  readonly files: readonly { readonly file: string }[]
}

/** A site with the snapshot `then` of one version, and another version since. */
async function twoStates(t: TestContext): Promise<Site> {
  const index = (version: string) => json({ files: [{ ...item(`a-${version}`, version), version }] })
  const at = await site(t, {
    '/index/a': index('1.0.0'),
    '/files/a/a-1.0.0': text('1.0.0'),
    '/files/a/a-2.0.0': text('2.0.0'),
  })
  await at.ask('/shelf/files/a/a-1.0.0')
  await at.at.mirror.flights.idle()
  snap(at, 'then')
  at.at.clock.pass(hour)
  at.up.set('/index/a', index('2.0.0'))
  await at.ask('/shelf/files/a/a-2.0.0')
  await at.at.mirror.flights.idle()
  return at
}

const snap = ({ at }: Site, name: string): void =>
  void at.mirror.catalog.snapshots.create({ name, time: at.mirror.now() })

const shownAt = async ({ ask }: Site, path: string): Promise<Shown> => JSON.parse((await ask(path)).text) as Shown
const filesAt = async (at: Site, path: string): Promise<readonly string[]> =>
  (await shownAt(at, path)).files.map(({ file }) => file)

/** As another process would: the run of a command. */
function otherProcess({ at }: Site, work: (catalog: ReturnType<typeof openCatalog>) => void): void {
  const catalog = openCatalog(`${at.data}/catalog.db`)
  try {
    work(catalog)
  } finally {
    catalog.close()
  }
}

const show = (at: Site, name: string | undefined): void =>
  otherProcess(at, ({ snapshots }) => {
    at.at.clock.pass(hour)
    snapshots.show(name === undefined ? undefined : snapshots.get(name)?.id, at.at.clock.now)
  })

test('an address names a snapshot, and its documents name addresses within it', async (t) => {
  const at = await twoStates(t)
  const then = await shownAt(at, '/at/then/shelf/index/a')
  assert.equal(then.base, `http://127.0.0.1:${at.port}/at/then/shelf`)
  assert.deepEqual(
    then.files.map(({ file }) => file),
    ['a-1.0.0'],
  )
  assert.deepEqual(await filesAt(at, '/shelf/index/a'), ['a-2.0.0'])
  assert.equal((await at.ask('/at/then/shelf/files/a/a-1.0.0')).text, '1.0.0')
  assert.equal((await at.ask('/at/then/shelf/files/a/a-2.0.0')).status, 404)
  assert.match((await at.ask('/at/then')).text, /Mode: offline.*\/at\/then\/shelf/s)
  assert.equal((await at.ask('/at/then/nowhere')).status, 404)
})

test('an unknown snapshot is not found, and how to find one is said', async (t) => {
  const at = await twoStates(t)
  for (const path of ['/at/never/shelf/index/a', '/at/..%2fthen/shelf/index/a', '/at/then%00/x', '/at/'])
    assert.ok([400, 404].includes((await at.ask(path)).status), path)
  const { status, text: said } = await at.ask('/at/never/shelf/index/a')
  assert.deepEqual([status, /pkgmirror snapshot list/.test(said)], [404, true])
})

test('a roll-back is shown at once, to requests for the same address too, and so is its end', async (t) => {
  const at = await twoStates(t)
  assert.deepEqual(await filesAt(at, '/shelf/index/a'), ['a-2.0.0'])
  show(at, 'then')
  const rolled = await shownAt(at, '/shelf/index/a')
  assert.deepEqual(
    [rolled.base, rolled.files.map(({ file }) => file)],
    [`http://127.0.0.1:${at.port}/shelf`, ['a-1.0.0']],
  )
  assert.equal((await at.ask('/shelf/files/a/a-2.0.0')).status, 404)
  const asked = at.up.count('/index/a')
  await at.ask('/shelf/index/a')
  assert.equal(at.up.count('/index/a'), asked)
  show(at, undefined)
  assert.deepEqual(await filesAt(at, '/shelf/index/a'), ['a-2.0.0'])
})

test('a client that asks by date alone gets the other state, there and back', async (t) => {
  const at = await twoStates(t)
  const ask = async (since: string | undefined) =>
    at.ask('/shelf/index/a', since === undefined ? {} : { headers: { 'if-modified-since': since } })
  const first = await ask(undefined)
  assert.equal((await ask(first.headers['last-modified'])).status, 304)
  show(at, 'then')
  const back = await ask(first.headers['last-modified'])
  assert.deepEqual([back.status, (await ask(back.headers['last-modified'])).status], [200, 304])
  show(at, undefined)
  assert.equal((await ask(back.headers['last-modified'])).status, 200)
})

test('requests for what is past count no hits', async (t) => {
  const at = await twoStates(t)
  const hits = () => at.at.mirror.catalog.refs.get('shelf', '/index/a', '', 0)?.hits
  for (let n = 0; n < 3; n += 1) await at.ask('/at/then/shelf/index/a')
  assert.equal(hits(), 0)
})

test('every answer while it is rolled back and forth is of one state or the other', async (t) => {
  const at = await twoStates(t)
  let turning = true
  async function turn(): Promise<void> {
    for (let n = 0; n < 20; n += 1) {
      show(at, n % 2 === 0 ? 'then' : undefined)
      assert.deepEqual(await filesAt(at, '/shelf/index/a'), [n % 2 === 0 ? 'a-1.0.0' : 'a-2.0.0'])
    }
    turning = false
  }
  async function client(): Promise<void> {
    while (turning) {
      const found = await filesAt(at, '/shelf/index/a')
      assert.ok(['a-1.0.0', 'a-2.0.0'].includes(found.join()), found.join())
    }
  }
  await Promise.all([turn(), client(), client(), client()])
})

test('few snapshots are open at once, and none that nobody asked for', async (t) => {
  const at = await twoStates(t)
  for (let n = 0; n < 6; n += 1) snap(at, `n${n}`)
  let open = 0
  const { mirror } = at.at
  const counted = {
    ...mirror,
    catalog: {
      ...mirror.catalog,
      at(id: number) {
        const catalog = mirror.catalog.at(id)
        open += 1
        return {
          ...catalog,
          close() {
            open -= 1
            catalog.close()
          },
        }
      },
    },
  }
  const states = createStates(counted, { most: 2, idle: 20 })
  const held = states.named('n0')
  for (let n = 1; n < 6; n += 1) states.named(`n${n}`).release()
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.equal(open, 1)
  held.release()
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.equal(open, 0)
  states.named('then')
  await states.close()
  assert.equal(open, 0)
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { among, type Need, type Solution, solve } from '../../src/ecosystems/solve.ts'

/** Needs by package and version: `{ a: { 2: 'b=1,2 c=1' } }`; `!` is a version that cannot be used. */
type Store = Readonly<Record<string, Readonly<Record<number, string>>>>

const versionsOf = (store: Store, name: string): readonly number[] =>
  Object.keys(store[name] ?? {})
    .map(Number)
    .sort((a, b) => b - a)

const partsOf = (text: string): readonly (readonly [name: string, versions: readonly number[]])[] =>
  text
    .split(' ')
    .filter((part) => part !== '')
    .map((part) => {
      const [name = '', list = ''] = part.split('=')
      return [name, list.split(',').map(Number)] as const
    })

function needsOf(store: Store, text: string): readonly Need[] {
  return partsOf(text).map(([name, versions]) => ({
    name,
    among: among(versionsOf(store, name), (one) => versions.includes(one)),
    words: versions.join(' or '),
  }))
}

const find = (store: Store, wants: string): Promise<Solution<number>> =>
  solve<number>(needsOf(store, wants), {
    candidates: async (name) => versionsOf(store, name),
    needs: async (name, version) => {
      const text = store[name]?.[version] ?? ''
      return text === '!' ? 'it is broken' : needsOf(store, text)
    },
  })

async function chosen(store: Store, wants: string): Promise<Readonly<Record<string, number>> | undefined> {
  const found = await find(store, wants)
  return 'chosen' in found ? Object.fromEntries([...found.chosen].toSorted(([a], [b]) => (a < b ? -1 : 1))) : undefined
}

async function obstacles(store: Store, wants: string): Promise<readonly string[]> {
  const found = await find(store, wants)
  if ('chosen' in found) return []
  const told = found.obstacles.map(({ by, need, reason }) => [
    by === undefined ? 'you' : `${by.name} ${by.candidate}`,
    need === undefined ? reason : `${need.name} ${need.words}`,
  ])
  return told.map((parts) => parts.join(': ')).toSorted()
}

describe('solving', () => {
  it('takes the newest of each', async () => {
    const store = { a: { 1: '', 2: 'b=1,2,3' }, b: { 1: '', 2: '', 3: 'c=1' }, c: { 1: '' }, d: { 1: '' } }
    assert.deepEqual(await chosen(store, 'a=1,2'), { a: 2, b: 3, c: 1 })
    assert.deepEqual(await chosen(store, ''), {})
  })

  it('meets all requirements on one package together', async () => {
    const store = { a: { 1: 'c=1,2' }, b: { 1: 'c=2,3' }, c: { 1: '', 2: '', 3: '' } }
    assert.deepEqual(await chosen(store, 'a=1 b=1'), { a: 1, b: 1, c: 2 })
  })

  it('goes back to an older version where the newest leads nowhere', async () => {
    const store = { a: { 1: 'c=1', 2: 'b=2' }, b: { 2: 'c=2' }, c: { 1: '', 2: '' }, d: { 1: 'c=1' } }
    assert.deepEqual(await chosen(store, 'a=1,2 d=1'), { a: 1, c: 1, d: 1 })
    assert.deepEqual(await chosen({ a: { 1: '', 2: 'gone=1' } }, 'a=1,2'), { a: 1 })
    assert.deepEqual(await chosen({ a: { 1: '', 2: '!' } }, 'a=1,2'), { a: 1 })
  })

  it('learns from a conflict that does not name the choice before it', async () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [at + 1, '']))
    const store = { ...{ a: { 1: '', 2: 'c=2' }, b: { 1: 'c=1' }, c: { 1: '', 2: '' } }, z: many, y: many, x: many }
    const found = await find(store, 'a=1,2 z=1,2,3,4,5,6 y=1,2,3,4 x=1,2,3,4 b=1')
    assert.ok('chosen' in found && found.chosen.get('a') === 1 && found.chosen.get('z') === 6)
    assert.ok(found.conflicts < 3, `${found.conflicts} conflicts`)
  })

  it('goes round circles', async () => {
    const store = { a: { 1: 'b=1', 2: 'b=2 a=1,2' }, b: { 1: 'a=1', 2: 'a=2' } }
    assert.deepEqual(await chosen(store, 'a=1,2'), { a: 2, b: 2 })
    assert.deepEqual(await chosen({ a: { 1: '', 2: 'a=1' } }, 'a=1,2'), { a: 1 })
  })

  it('names what leaves no solution', async () => {
    const store = { a: { 1: 'c=1' }, b: { 1: 'c=2' }, c: { 1: '', 2: '' }, d: { 1: '' } }
    assert.deepEqual(await obstacles(store, 'd=1 a=1 b=1'), ['a 1: c 1', 'b 1: c 2', 'you: a 1', 'you: b 1'])
    assert.deepEqual(await obstacles({}, 'a=1'), ['you: a 1'])
    assert.deepEqual(await obstacles({ a: { 1: '!' } }, 'a=1'), ['a 1: it is broken', 'you: a 1'])
    const circle = { a: { 1: 'b=1', 2: 'b=2' }, b: { 1: 'a=2', 2: 'a=1' } }
    assert.equal(await chosen(circle, 'a=1,2'), undefined)
  })

  it('finds a solution wherever there is one, and none elsewhere', async () => {
    let state = 7
    const random = (below: number): number => {
      state = (state * 1103515245 + 12345) % 2 ** 31
      return Math.floor((state / 2 ** 31) * below)
    }
    let solved = 0
    for (let round = 0; round < 400; round += 1) {
      const names = ['a', 'b', 'c', 'd', 'e']
      const some = (): string => {
        const versions = [1, 2, 3].filter(() => random(2) === 0)
        return `${names[random(names.length)]}=${versions.length === 0 ? 1 + random(3) : versions}`
      }
      const needs = (most: number): string => Array.from({ length: random(most + 1) }, some).join(' ')
      const store: Store = Object.fromEntries(
        names.map((name) => [
          name,
          Object.fromEntries([1, 2, 3].map((one) => [one, random(9) === 0 ? '!' : needs(3)])),
        ]),
      )
      const wants = `a=1,2,3 ${needs(2)}`
      const found = await chosen(store, wants)
      const told = JSON.stringify({ store, wants, found })
      assert.equal(found !== undefined, isSolvable(store, wants), told)
      if (found === undefined) continue
      solved += 1
      assert.ok(stands(store, wants, found), told)
    }
    assert.ok(solved > 50 && solved < 350, `${solved} of 400 had a solution`)
  })
})

/** Is everything met that the wants and the chosen need? */
function stands(store: Store, wants: string, found: Readonly<Record<string, number>>): boolean {
  const texts = [wants, ...Object.entries(found).map(([name, version]) => store[name]?.[version] ?? '!')]
  return texts.every(
    (text) => text !== '!' && partsOf(text).every(([name, versions]) => versions.includes(found[name] ?? 0)),
  )
}

function isSolvable(store: Store, wants: string): boolean {
  const names = Object.keys(store)
  for (let code = 0; code < 4 ** names.length; code += 1) {
    const found: Record<string, number> = {}
    for (const [at, name] of names.entries()) {
      const version = Math.floor(code / 4 ** at) % 4
      if (version > 0) found[name] = version
    }
    if (stands(store, wants, found)) return true
  }
  return false
}

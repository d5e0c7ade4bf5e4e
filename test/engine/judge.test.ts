import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Policy } from '../../src/config/types.ts'
import { compileJudge, type Subject, type Verdict } from '../../src/engine/judge.ts'
import { npmVersions } from '../../src/versions/npm.ts'
import { cooldown, day, hour, noon, plainPolicy, rule } from '../builders/mirror.ts'

const judgeOf = (policy: Partial<Policy>, more: { readonly repo?: string; readonly purl?: string } = {}) =>
  compileJudge(
    { ...plainPolicy, ...policy },
    { ecosystem: 'npm', purl: 'npm', repo: 'npm', versions: npmVersions, ...more },
  )

/** `name@version` as a subject. */
const subject = (spec: string, more: Partial<Subject> = {}): Subject => {
  const at = spec.lastIndexOf('@')
  return at > 0 ? { name: spec.slice(0, at), version: spec.slice(at + 1), ...more } : { name: spec, ...more }
}

const codeOf = (verdict: Verdict): string => (verdict.allow ? 'allow' : verdict.code)
const judged = (policy: Partial<Policy>, spec: string, more: Partial<Subject> = {}): string =>
  codeOf(judgeOf(policy).verdict(subject(spec, more), noon))
const reasonOf = (policy: Partial<Policy>, one: Subject): string => {
  const verdict = judgeOf(policy).verdict(one, noon)
  return verdict.allow ? 'allow' : verdict.reason
}

describe('deny', () => {
  const rows: readonly (readonly [pattern: string, spec: string, verdict: string])[] = [
    ['pkg:npm/left-pad', 'left-pad@1.0.0', 'DENIED'],
    ['pkg:npm/left-pad', 'left-pad', 'DENIED'],
    ['pkg:npm/left-pad', 'left-pads@1.0.0', 'allow'],
    ['pkg:npm/left-pad@<1.3', 'left-pad@1.2.9', 'DENIED'],
    ['pkg:npm/left-pad@<1.3', 'left-pad@1.3.0', 'allow'],
    ['pkg:npm/left-pad@<1.3', 'left-pad', 'allow'],
    ['pkg:npm/left-pad@<1.3', 'left-pad@1.2.0-beta', 'DENIED'],
    ['pkg:npm/left-pad@1.2.0', 'left-pad@1.2.0', 'DENIED'],
    ['pkg:npm/left-pad@1.2.0', 'left-pad@1.2.0-beta', 'allow'],
    ['pkg:npm/left-pad@1.2.0', 'left-pad@1.2.1', 'allow'],
    ['pkg:npm/@corp/*', '@corp/a@1.0.0', 'DENIED'],
    ['pkg:npm/@corp/*', '@corpo/a@1.0.0', 'allow'],
    ['pkg:npm/%40corp/a', '@corp/a@1.0.0', 'DENIED'],
    ['pkg:*/evil', 'evil@1.0.0', 'DENIED'],
    ['pkg:cargo/evil', 'evil@1.0.0', 'allow'],
  ]
  for (const [pattern, spec, verdict] of rows) {
    test(`${pattern} ${verdict === 'allow' ? 'lets' : 'stops'} ${spec}`, () =>
      assert.equal(judged({ deny: [rule(pattern)] }, spec), verdict))
  }

  test('the text names the rule and the place it is written at', () =>
    assert.equal(
      reasonOf({ deny: [rule('pkg:npm/a@<2')] }, subject('a@1.0.0')),
      'denied by pkg:npm/a@<2 (test.yaml:1)',
    ))

  test('stands above allow', () =>
    assert.equal(judged({ deny: [rule('pkg:npm/a')], allow: [rule('pkg:npm/a')] }, 'a@1.0.0'), 'DENIED'))

  test('a rule for another ecosystem leaves the repository open', () => {
    assert.equal(judgeOf({ deny: [rule('pkg:cargo/evil')] }).open, true)
    assert.equal(judgeOf({ deny: [rule('pkg:*/evil')] }).open, false)
  })
})

describe('allow', () => {
  const rows: readonly (readonly [pattern: string, spec: string, verdict: string])[] = [
    ['pkg:npm/a', 'a@1.0.0', 'allow'],
    ['pkg:npm/a', 'b@1.0.0', 'DENIED'],
    ['pkg:npm/a@^1', 'a@1.5.0', 'allow'],
    ['pkg:npm/a@^1', 'a@2.0.0', 'DENIED'],
    ['pkg:npm/a@^1', 'a', 'allow'],
    ['pkg:npm/a@^1', 'a@1.5.0-beta', 'DENIED'],
    ['pkg:npm/@corp/**', '@corp/a@1.0.0', 'allow'],
    ['pkg:cargo/a', 'a@1.0.0', 'DENIED'],
  ]
  for (const [pattern, spec, verdict] of rows) {
    test(`${pattern} ${verdict === 'allow' ? 'lets' : 'stops'} ${spec}`, () =>
      assert.equal(judged({ allow: [rule(pattern)] }, spec), verdict))
  }
  test('the text says that no rule names it', () =>
    assert.match(reasonOf({ allow: [rule('pkg:npm/a')] }, subject('b@1.0.0')), /no `allow` rule names it.*pkg:npm\/a/))
})

describe('cooldown', () => {
  const three = cooldown({ default: 3 * day })

  test('hides what is younger, by its publication', () => {
    assert.equal(judged({ cooldown: three }, 'a@1.0.0', { published: noon - 3 * day + 1 }), 'COOLDOWN')
    assert.equal(judged({ cooldown: three }, 'a@1.0.0', { published: noon - 3 * day }), 'allow')
  })
  test('says until when', () => {
    const verdict = judgeOf({ cooldown: three }).verdict(subject('a@1.0.0', { published: noon - hour }), noon)
    assert.equal(verdict.allow ? 0 : verdict.until, noon - hour + 3 * day)
  })
  test('a publication time in the future waits from then on', () =>
    assert.equal(judged({ cooldown: three }, 'a@1.0.0', { published: noon + 100 * day }), 'COOLDOWN'))
  test('does not look at a name without a version', () =>
    assert.equal(judged({ cooldown: three }, 'a', { published: noon }), 'allow'))
  test('Last-Modified counts where no publication time is known', () => {
    const old = { modified: noon - 4 * day, seen: { first: noon, baseline: false } }
    assert.equal(judged({ cooldown: three }, 'a@1.0.0', old), 'allow')
    assert.equal(judged({ cooldown: three }, 'a@1.0.0', { ...old, modified: noon }), 'COOLDOWN')
  })
  test('what was first seen here counts where no time is known', () => {
    assert.equal(judged({ cooldown: three }, 'a@1.0.0', { seen: { first: noon - day, baseline: false } }), 'COOLDOWN')
    assert.equal(judged({ cooldown: three }, 'a@1.0.0', { seen: { first: noon - 3 * day, baseline: false } }), 'allow')
  })
  test('the baseline is allowed, or waits when policy says so', () => {
    const seen = { first: noon - day, baseline: true }
    assert.equal(judged({ cooldown: three }, 'a@1.0.0', { seen }), 'allow')
    assert.equal(
      judged({ cooldown: cooldown({ default: 3 * day, baseline: 'wait' }) }, 'a@1.0.0', { seen }),
      'COOLDOWN',
    )
  })
  test('what has no clock at all, or one that cannot be read, is refused', () => {
    for (const more of [
      {},
      { published: Number.NaN },
      { published: Number.POSITIVE_INFINITY },
      { published: 2 ** 53 },
    ]) {
      assert.equal(judged({ cooldown: three }, 'a@1.0.0', more), 'COOLDOWN', JSON.stringify(more))
      assert.match(reasonOf({ cooldown: three }, subject('a@1.0.0', more)), /cannot be read/)
    }
  })

  const published = noon - 2 * day
  const rows: readonly (readonly [what: string, cooldown: Policy['cooldown'], verdict: string, names: RegExp])[] = [
    ['the default', cooldown({ default: 3 * day }), 'COOLDOWN', /cooldown\.default/],
    ['ecosystem over default', cooldown({ default: 3 * day, ecosystems: { npm: day } }), 'allow', /^allow/],
    [
      'ecosystem over default, longer',
      cooldown({ ecosystems: { npm: 7 * day } }),
      'COOLDOWN',
      /cooldown\.ecosystems\.npm/,
    ],
    [
      'repository over ecosystem',
      cooldown({ ecosystems: { npm: 0 }, repositories: { npm: 7 * day } }),
      'COOLDOWN',
      /cooldown\.repositories\.npm/,
    ],
    [
      'pattern over repository',
      cooldown({ repositories: { npm: 7 * day }, packages: [{ ...rule('pkg:npm/*'), cooldown: 0 }] }),
      'allow',
      /^allow/,
    ],
    [
      'package over pattern, in any order',
      cooldown({
        packages: [
          { ...rule('pkg:npm/*'), cooldown: 0 },
          { ...rule('pkg:npm/a'), cooldown: 9 * day },
        ],
      }),
      'COOLDOWN',
      /pkg:npm\/a \(test\.yaml:1\)/,
    ],
    [
      'the longer of two patterns',
      cooldown({
        default: 9 * day,
        packages: [
          { ...rule('pkg:npm/**'), cooldown: 9 * day },
          { ...rule('pkg:npm/a*'), cooldown: day },
        ],
      }),
      'allow',
      /^allow/,
    ],
    [
      'a pattern with a version only for that version',
      cooldown({ default: 9 * day, packages: [{ ...rule('pkg:npm/a@2.0.0'), cooldown: 0 }] }),
      'COOLDOWN',
      /cooldown\.default/,
    ],
    [
      'other ecosystems and repositories do not count',
      cooldown({ ecosystems: { cargo: 9 * day }, repositories: { other: 9 * day } }),
      'allow',
      /^allow/,
    ],
  ]
  for (const [what, waits, verdict, names] of rows) {
    test(what, () => {
      assert.equal(judged({ cooldown: waits }, 'a@1.0.0', { published }), verdict)
      assert.match(reasonOf({ cooldown: waits }, subject('a@1.0.0', { published })), names)
    })
  }

  test('the text names the rule, the date and the clock', () =>
    assert.equal(
      reasonOf({ cooldown: three }, subject('a@1.0.0', { published: noon - day })),
      'younger than its cooldown of 3d by cooldown.default: published 2026-01-01T12:00:00.000Z, allowed from 2026-01-04T12:00:00.000Z',
    ))
  test('the text says which clock it was', () =>
    assert.match(
      reasonOf({ cooldown: three }, subject('a@1.0.0', { seen: { first: noon, baseline: false } })),
      /first seen here 2026-01-02/,
    ))
})

describe('the judge as a whole', () => {
  test('is open when nothing can ever be hidden', () => {
    assert.equal(judgeOf({}).open, true)
    assert.equal(judgeOf({ cooldown: cooldown({ default: 1 }) }).open, false)
    assert.equal(judgeOf({ cooldown: cooldown({ packages: [{ ...rule('pkg:npm/a'), cooldown: 1 }] }) }).open, false)
    assert.equal(judgeOf({ allow: [rule('pkg:cargo/a')] }).open, false)
  })
  test('its fingerprint changes with any rule, and not with the place of one', () => {
    const base = judgeOf({ deny: [rule('pkg:npm/a')] }).fingerprint
    assert.notEqual(judgeOf({ deny: [rule('pkg:npm/b')] }).fingerprint, base)
    assert.notEqual(judgeOf({ deny: [rule('pkg:npm/a')], cooldown: cooldown({ default: 1 }) }).fingerprint, base)
    assert.equal(judgeOf({ deny: [{ pattern: 'pkg:npm/a', where: { file: 'other' } }] }).fingerprint, base)
    const forever = cooldown({ default: Number.POSITIVE_INFINITY })
    assert.notEqual(judgeOf({ cooldown: forever }).fingerprint, judgeOf({}).fingerprint)
  })
  test('what has no name is not about a package', () =>
    assert.equal(codeOf(judgeOf({ deny: [rule('pkg:*/**')] }).verdict({}, noon)), 'allow'))
  test('an endless cooldown waits for ever', () =>
    assert.match(
      reasonOf({ cooldown: cooldown({ default: Number.POSITIVE_INFINITY }) }, subject('a@1.0.0', { published: 0 })),
      /younger than its cooldown/,
    ))
})

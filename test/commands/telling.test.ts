// Who is told of a sync: report files, hooks, the history; and who waits for the lock.

import assert from 'node:assert/strict'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { after, before, describe, it, mock } from 'node:test'
import { lock } from '../../src/commands/lock.ts'
import type { Report } from '../../src/commands/report.ts'
import { reportHtml, reportMarkdown } from '../../src/commands/report-text.ts'
import { runs } from '../../src/commands/runs.ts'
import { sync } from '../../src/commands/sync.ts'
import { asMirrorError, MirrorError } from '../../src/errors.ts'
import { openWorkbench, type Workbench } from './workbench.ts'

interface Told {
  readonly type: string
  readonly state?: string
  readonly code?: number
  readonly summary?: { readonly repositories: Readonly<Record<string, unknown>> }
  readonly error?: { readonly code: string }
}

describe('a sync', () => {
  let bench: Workbench
  const told: { url: string; body: Told }[] = []
  let status = 200
  const hook = createServer(async (request, response) => {
    const pieces = await Array.fromAsync(request)
    told.push({ url: request.url ?? '', body: JSON.parse(Buffer.concat(pieces).toString()) as Told })
    response.writeHead(status).end()
  })
  const at = () => `http://127.0.0.1:${(hook.address() as AddressInfo).port}`
  const run = (flags: Record<string, unknown> = {}, more: object = {}) => {
    const file = bench.write('told.yaml', bench.text(more))
    return bench.say((context) => sync(context, { dryRun: false }), { files: [file], flags })
  }

  before(async () => {
    bench = await openWorkbench()
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
  })
  after(async () => {
    hook.close()
    await bench.close()
  })

  it('tells that it begins and that it is complete, and writes its report in every form', async () => {
    const reports = ['r.json', 'r.md', 'r.html'].map((name) => path.join(bench.folder, name))
    told.length = 0
    const { code, err } = await run(
      {},
      { report: reports, notify: { start: `${at()}/start`, success: `${at()}/done`, failure: `${at()}/bad` } },
    )
    const [json = '', markdown = '', html = ''] = reports.map((file) => readFileSync(file, 'utf8'))

    assert.equal(code, 0, err)
    assert.deepEqual(
      told.map(({ url, body }) => [url, body.type, body.state, body.code]),
      [
        ['/start', 'begun', undefined, undefined],
        ['/done', 'report', 'success', 0],
      ],
    )
    assert.deepEqual(JSON.parse(json), told[1]?.body)
    assert.deepEqual(Object.keys(told[1]?.body.summary?.repositories ?? {}).sort(), ['cargo', 'debian', 'npm'])
    assert.match(markdown, /^# sync .* is complete\n[\s\S]*\| cargo \| \d+ \|/)
    assert.match(html, /<td>cargo<\/td><td>\d+<\/td>/)
  })

  it('tells a failure to a program, on its standard input, and keeps its own exit code', async () => {
    const heard = path.join(bench.folder, 'heard.json')
    const program = path.join(bench.folder, 'hear.sh')
    writeFileSync(program, '#!/bin/sh\ncat > "$1"\n')
    chmodSync(program, 0o755)
    const { code } = await run({}, { packages: { npm: ['no-such-package'] }, notify: { failure: [program, heard] } })
    const body = JSON.parse(readFileSync(heard, 'utf8')) as Told

    assert.equal(code, 3)
    assert.deepEqual([body.state, body.code], ['failure', 3])
  })

  it('is not touched by a hook that fails: a warning names its host, and not the secret in its path', async () => {
    status = 500
    const { code, err } = await run({}, { notify: { success: `${at()}/secret-token` }, retries: 0 })
    const missing = await run({}, { notify: { success: ['/no/such/program'] } })
    status = 200

    assert.deepEqual([code, missing.code], [0, 0])
    assert.match(err, /warning: NOTIFY: 127\.0\.0\.1:\d+ could not be told: it answered 500/)
    assert.doesNotMatch(err, /secret-token/)
    assert.match(missing.err, /warning: NOTIFY: \/no\/such\/program could not be told/)
  })

  it('escapes in its report what upstream and manifests may have written', () => {
    const error = new MirrorError('NOT_FOUND', 'has no <img src=x>|`b` [c](d)\n# e')
    const report: Report = { command: 'sync a|b', state: 'failure', code: 3, started: 0, ended: 5, error }

    assert.match(reportHtml(report), /has no &lt;img src=x&gt;\|`b` \[c\]\(d\)\\u000a# e/)
    assert.match(reportMarkdown(report), /has no \\<img src=x\\>\\\|\\`b\\` \\\[c\\\]\\\(d\\\)\\\\u000a\\# e/)
    assert.match(reportMarkdown(report), /^# sync a\\\|b failed\n/)
  })

  it('leaves a history that tells what each run did, the newest first', async () => {
    await run()
    const { code, out } = await bench.say((context) => runs(context, '2'))
    const { document } = await bench.say((context) => runs(context, undefined), { json: true })
    const listed = document.runs as readonly {
      readonly code: number
      readonly summary: { readonly repositories: object }
    }[]

    assert.equal(code, 0)
    assert.match(out, /^#(\d+) .*code 0 after .* files?, .*told\.yaml\n#\d+ .*code 0 after .*told\.yaml\n$/)
    assert.deepEqual(
      [listed[0]?.code, Object.keys(listed[0]?.summary.repositories ?? {}).sort()],
      [0, ['cargo', 'debian', 'npm']],
    )
    assert.equal((await bench.say((context) => runs(context, '0'))).code, 2)
  })

  it('waits for another run as long as it is told, and then names it', async () => {
    const directory = path.join(bench.folder, 'mirror')
    const other = await lock(directory, 0, { command: 'gc', signal: new AbortController().signal, waits() {} })
    const refused = await run()
    const notified = await run({ wait: '300ms' })
    const waited = run({ wait: '1m' })
    mock.timers.reset()
    await new Promise((resolve) => setTimeout(resolve, 300))
    other.release()

    assert.equal(refused.code, 7)
    assert.match(refused.err, /another run \(process \d+, `gc` since \d{4}-[^)]*Z\) works on/)
    assert.equal(notified.code, 7)
    assert.equal((await waited).code, 0)
  })

  it('stops waiting when it is stopped', async () => {
    const directory = path.join(bench.folder, 'mirror')
    const other = await lock(directory)
    const stopping = new AbortController()
    const waits = (): void => stopping.abort()
    const failure = await lock(directory, 60_000, { command: 'sync', signal: stopping.signal, waits }).then(
      () => undefined,
      (thrown: unknown) => asMirrorError(thrown).code,
    )
    other.release()

    assert.equal(failure, 'STOPPED')
  })
})

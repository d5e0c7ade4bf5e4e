// The service files that are shipped: they name only what there is, and the tools of their systems take them.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { it } from 'node:test'
import { Command } from 'commander'
import { addVerbs } from '../../src/cli/verbs.ts'
import { filesOf, root, textOf } from '../shape/sources.ts'

/** `NAME="VALUE"` lines of the conf.d file. */
const configured = Object.fromEntries(
  [...textOf('packaging/openrc/pkgmirror.confd').matchAll(/^(\w+)="(.*)"$/gm)].map(([, name, value]) => [name, value]),
) as Readonly<Record<string, string>>

/** What each file starts, in words. */
function commandLines(): readonly (readonly string[])[] {
  const systemd = filesOf('packaging/systemd').flatMap((file) =>
    [...textOf(file).matchAll(/^ExecStart=\/usr\/bin\/pkgmirror (.*)$/gm)].map(([, line = '']) => line),
  )
  const [, cron = ''] = /\/usr\/bin\/pkgmirror (.*)$/m.exec(textOf('packaging/cron/pkgmirror')) ?? []
  const [, args = ''] = /^command_args="(.*)"$/m.exec(textOf('packaging/openrc/pkgmirror')) ?? []
  const openrc = args.replace(/\$\{(\w+)(?::-[^}]*)?\}/g, (_, name: string) => configured[name] ?? '')
  return [...systemd, cron, openrc].map((line) => line.split(' '))
}

it('start verbs with flags that there are', async () => {
  const started: string[] = []
  for (const words of commandLines()) {
    const program = new Command('pkgmirror').exitOverride()
    addVerbs(program, async (flags, manifests) => {
      started.push(`${words[0]} ${manifests.join(' ')} ${String(flags.data)}`)
    })
    await program.parseAsync(words, { from: 'user' })
  }

  assert.deepEqual(started.sort(), [
    'serve  /var/lib/pkgmirror',
    'serve  /var/lib/pkgmirror',
    'sync /etc/pkgmirror/manifest.yaml /var/lib/pkgmirror',
    'sync /etc/pkgmirror/manifest.yaml /var/lib/pkgmirror',
  ])
})

it('are shell where they are run by one', () => {
  for (const file of filesOf('packaging/openrc')) {
    const { status, stderr } = spawnSync('sh', ['-n', path.join(root, file)], { encoding: 'utf8' })
    assert.equal(status, 0, `${file}: ${stderr}`)
  }
})

it('configure every variable of the OpenRC script, and nothing else', () => {
  const read = new Set(
    [...textOf('packaging/openrc/pkgmirror').matchAll(/\$\{(pkgmirror_\w+)/g)].map(([, name]) => name),
  )
  // where it is installed is nothing that every machine has to say
  read.delete('pkgmirror_command')

  assert.deepEqual(Object.keys(configured).sort(), [...read, 'rc_ulimit'].sort())
})

const analyze = spawnSync('systemd-analyze', ['--version']).status === 0
it('are units that systemd takes', { skip: !analyze && 'systemd-analyze is not on this machine' }, (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'units-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const units = filesOf('packaging/systemd').map((file) => {
    const to = path.join(folder, path.basename(file))
    // it looks whether the program is there
    writeFileSync(to, textOf(file).replaceAll('/usr/bin/pkgmirror', '/bin/true'))
    return to
  })
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...units], { encoding: 'utf8' })

  assert.deepEqual([status, stderr], [0, ''])
})

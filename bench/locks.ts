// Lockfiles of 10,000 packages: read, and read and planned with nothing held, against the reader of each ecosystem that is
// on the machine. Every figure is a whole process.

import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Contender, report } from './figures.ts'
import { type LockName, lockTexts } from './lock-texts.ts'
import { found, run } from './process.ts'
import type { Bench } from './shipped.ts'

const COUNT = 10_000
const ROUNDS = 3
/** A lockfile that is larger than any project's; beyond 48 MiB a file is refused. */
const LARGE = 46 * 2 ** 20

/** A folder with the libraries of npm's clients below node_modules: @npmcli/arborist, @yarnpkg/lockfile, @pnpm/lockfile.fs. */
const libraries = process.env.LOCK_READERS

const script = (text: string): readonly string[] | undefined =>
  libraries === undefined ? undefined : [process.execPath, '--input-type=commonjs', '-e', text]
const load = (name: string): string =>
  `require(require.resolve(${JSON.stringify(name)}, { paths: [${JSON.stringify(libraries)}] }))`
const having = (program: string, ...args: readonly string[]): readonly string[] | undefined => {
  const at = found(program)
  return at === undefined ? undefined : [at, ...args]
}
const toml = (file: string) =>
  having('python3', '-c', `import sys, tomllib\ntomllib.load(open(${JSON.stringify(file)}, 'rb'))`)

/** The reader of its ecosystem: its name, and a command for a file in a folder. */
const readers: Readonly<
  Record<LockName, readonly [string, (file: string, folder: string) => readonly string[] | undefined]>
> = {
  'package-lock': [
    '@npmcli/arborist',
    (_, at) => script(`new (${load('@npmcli/arborist')})({ path: ${JSON.stringify(at)} }).loadVirtual()`),
  ],
  'yarn-lock': [
    '@yarnpkg/lockfile',
    (file) =>
      script(`${load('@yarnpkg/lockfile')}.parse(require('node:fs').readFileSync(${JSON.stringify(file)}, 'utf8'))`),
  ],
  'pnpm-lock': [
    '@pnpm/lockfile.fs',
    (_, at) =>
      script(
        `import(require.resolve('@pnpm/lockfile.fs', { paths: [${JSON.stringify(libraries)}] })).then((one) => one.readWantedLockfile(${JSON.stringify(at)}, {}))`,
      ),
  ],
  'poetry-lock': ["Python's tomllib", toml],
  'uv-lock': ["Python's tomllib", toml],
  'cargo-lock': ["Python's tomllib", toml],
  'go-sum': ['awk, fields alone', (file) => having('awk', '{ seen[$1 " " $2] = $3 } END { print length(seen) }', file)],
  'gemfile-lock': [
    'Bundler::LockfileParser',
    (file, folder) => {
      write(folder, 'Gemfile', '')
      const text = `Dir.chdir(${JSON.stringify(folder)}); Bundler::LockfileParser.new(File.read(${JSON.stringify(file)}))`
      return having('ruby', '-rbundler', '-e', text)
    },
  ],
  'composer-lock': [
    "PHP's json_decode",
    (file) => having('php', '-r', `json_decode(file_get_contents(${JSON.stringify(file)}), true);`),
  ],
}

export async function locks(bench: Bench): Promise<void> {
  for (const name of Object.keys(lockTexts) as LockName[]) {
    const { file: base, text } = lockTexts[name]
    const folder = path.join(bench.folder, `locks-${name}`)
    const file = write(folder, base, text(COUNT))
    const [title, command] = readers[name]
    const argv = command(file, folder)
    const reference = argv === undefined ? [] : [program(title, argv)]
    const contenders = [...reference, ...ours(bench, file, folder)]
    await report({ title: `${base}, ${COUNT.toLocaleString('en')} packages`, unit: 'ms', rounds: ROUNDS, contenders })
  }
  const { file: base, text } = lockTexts['package-lock']
  const one = Buffer.byteLength(text(1000)) / 1000
  const folder = path.join(bench.folder, 'locks-large')
  const file = write(folder, base, text(Math.floor(LARGE / one) - 1000))
  const { out, milliseconds } = await run([
    '/usr/bin/env',
    'sh',
    '-c',
    `${bench.argv.map(quoted).join(' ')} validate ${quoted(file)} >/dev/null & pid=$!; peak=0; while kill -0 $pid 2>/dev/null; do now=$(awk '/VmHWM/ { print $2 }' /proc/$pid/status 2>/dev/null); [ -n "$now" ] && peak=$now; sleep 0.05; done; echo $peak`,
  ])
  console.log(
    `${base} of ${(statSync(file).size / 2 ** 20).toFixed(0)} MiB: ${milliseconds.toFixed(0)} ms, peak ${(Number(out.trim()) / 1024).toFixed(0)} MiB`,
  )
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

function write(folder: string, name: string, text: string): string {
  mkdirSync(folder, { recursive: true })
  const file = path.join(folder, name)
  writeFileSync(file, text)
  return file
}

const program = (name: string, argv: readonly string[]): Contender => ({
  name,
  turn: async () => ({ value: (await run(argv)).milliseconds }),
})

/** Nothing is held and nobody is asked, so a plan ends with 3 for what it would have to ask for, or 0 where nothing mirrors it. */
const planned = ['sh', '-c', '"$@" 2>/dev/null; code=$?; [ $code -eq 0 ] || [ $code -eq 3 ]', 'sh']

const ours = ({ argv }: Bench, file: string, folder: string): readonly Contender[] => {
  const options = ['--dry-run', '--offline', '--quiet', '--data', path.join(folder, 'data')]
  return [
    program('pkgmirror validate: read', [...argv, 'validate', file]),
    program('pkgmirror seed --dry-run: read and planned', [...planned, ...argv, 'seed', file, ...options]),
  ]
}

// How bundler and gem are pointed at the mirror: https://bundler.io/man/bundle-config.1.html#MIRRORS-OF-GEM-SOURCES

import type { Mounted, Setup } from '../../contract.ts'

const isPublic = (upstreams: readonly string[], registry: string): boolean =>
  upstreams.some((each) => new URL(each).host === new URL(registry).host)

/** `registry`: the upstream that clients know without being told. */
export function setup({ repo, base }: Mounted<unknown>, registry: string): readonly Setup[] {
  // The last slash belongs to the address: clients resolve paths against it.
  const source = `${base}/`
  const gem: Setup = {
    client: 'gem',
    title: 'RubyGems',
    files: [{ path: '~/.gemrc', text: `---\n:sources:\n- ${source}\n` }],
    commands: [`gem install --clear-sources --source ${source} GEM`],
    note: 'The file replaces all sources; the command is for one installation and changes nothing.',
  }
  if (!isPublic(repo.upstreams, registry)) {
    return [
      {
        client: 'bundler',
        title: 'Bundler, as a source of its own',
        files: [{ path: 'Gemfile', text: `source "${source}"\n` }],
        note: `Beside another source, gems name it: gem "foo", source: "${source}".`,
      },
      gem,
    ]
  }
  return [
    {
      client: 'bundler',
      title: 'Bundler, in place of every source',
      files: [{ path: '~/.bundle/config', text: `---\nBUNDLE_MIRROR__ALL: "${source}"\n` }],
      env: { BUNDLE_MIRROR__ALL: source },
      commands: [`bundle config set --global mirror.all ${source}`],
      note:
        'Any one of the three. Gemfile and Gemfile.lock stay as they are. Leave the setting fallback_timeout of a mirror ' +
        'alone: with it, bundler quietly goes to the source itself when the mirror is slow.',
    },
    gem,
  ]
}

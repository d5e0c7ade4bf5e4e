// How cargo is pointed at the mirror: https://doc.rust-lang.org/cargo/reference/source-replacement.html

import type { Mounted, Setup } from '../../contract.ts'

/** The public registry is replaced by name; any other one is named by its users. */
const isPublic = (upstreams: readonly string[], registry: string): boolean =>
  upstreams.some((each) => new URL(each).host === new URL(registry).host)

/** `registry`: the upstream that cargo itself knows by name. */
export function setup({ repo, base }: Mounted<unknown>, registry: string): readonly Setup[] {
  // The last slash belongs to the address: cargo appends paths to it as they are.
  const index = `sparse+${base}/`
  const named = `[registries.${repo.name}]\nindex = "${index}"\n`
  if (!isPublic(repo.upstreams, registry)) {
    return [
      {
        client: 'cargo',
        title: 'Cargo, as a registry of its own',
        files: [{ path: '~/.cargo/config.toml', text: named }],
        env: { [`CARGO_REGISTRIES_${repo.name.toUpperCase().replaceAll('-', '_')}_INDEX`]: index },
        note: `Crates name it: foo = { version = "1", registry = "${repo.name}" }.`,
      },
    ]
  }
  return [
    {
      client: 'cargo',
      title: 'Cargo, in place of the public registry',
      files: [{ path: '~/.cargo/config.toml', text: `[source.crates-io]\nreplace-with = "${repo.name}"\n\n${named}` }],
      note:
        'Environment variables cannot replace a source: where the home directory must stay as it is, write the file to a ' +
        `directory of its own and set CARGO_HOME to it. Searching needs the name: cargo search --registry ${repo.name}.`,
    },
  ]
}

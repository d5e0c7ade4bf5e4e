// How container tools are pointed at the mirror: containerd's hosts.toml, Docker's registry-mirrors, podman's registries.conf.

import type { Mounted, Setup } from '../../contract.ts'
import type { OciOptions } from './options.ts'

/** `known`: what clients call the registry that they ask when an image names none, if this is its mirror. */
export function setup({ repo, base }: Mounted<OciOptions>, known: string | undefined): readonly Setup[] {
  const { protocol, host, pathname } = new URL(base)
  const path = pathname.replace(/^\/v2(?=\/|$)/, '').replace(/\/$/, '')
  const insecure = protocol === 'http:'
  const pull = `${host}${path}`
  const direct: Setup = {
    client: known === undefined ? `images-${repo.name}` : 'images',
    title: 'any tool, with the mirror in the name',
    files: [
      {
        path: '~/.config/containers/registries.conf.d/pkgmirror.conf',
        text: `# ${base}\n[[registry]]\nlocation = "${host}"\ninsecure = ${insecure}\n`,
      },
    ],
    note: `Images are then ${pull}/NAME:TAG, for podman, buildah, skopeo (--src-tls-verify=false without TLS), crane (--insecure) and oras (--plain-http).`,
  }
  if (known === undefined) return [direct]
  return [
    {
      client: 'containerd',
      title: 'containerd, for every registry that is mirrored',
      files: [
        {
          path: '/etc/containerd/certs.d/_default/hosts.toml',
          text: `server = "${base}"\n\n[host."${base}"]\n  capabilities = ["pull", "resolve"]\n  override_path = true\n`,
        },
      ],
      note: 'containerd says in each request which registry is meant (ns=), and the mirror answers for those it knows. `config_path = "/etc/containerd/certs.d"` has to be set in its config.toml; ctr takes --hosts-dir.',
    },
    {
      client: 'docker',
      title: 'Docker, for the default registry',
      files: [
        {
          path: '/etc/docker/daemon.json',
          text: `${JSON.stringify({ 'registry-mirrors': [base.replace(/\/v2$/, '')], ...(insecure ? { 'insecure-registries': [host] } : {}) }, undefined, 2)}\n`,
        },
      ],
      note: 'Docker asks mirrors for its default registry alone, and goes on to that registry when a mirror refuses.',
    },
    {
      client: 'podman',
      title: 'podman, buildah and skopeo, for the default registry',
      files: [
        {
          path: '~/.config/containers/registries.conf.d/pkgmirror-default.conf',
          text: `# ${base}\n[[registry]]\nprefix = "${known}"\nlocation = "${known}"\n\n[[registry.mirror]]\nlocation = "${pull}"\ninsecure = ${insecure}\n`,
        },
      ],
      note: `For another registry: the same with its host, and the mirror's location ${pull}/REPOSITORY.`,
    },
    direct,
  ]
}

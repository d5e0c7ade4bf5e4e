// What to change in the configuration of the web server that answers.

import type { Problem, ProblemKind } from './check-file.ts'

type Server = 'nginx' | 'apache' | 'caddy' | 'python'

const signs: Readonly<Record<Server, RegExp>> = {
  nginx: /^(?:nginx|openresty|tengine|angie)/i,
  apache: /^apache/i,
  caddy: /^caddy/i,
  python: /^SimpleHTTP/i,
}

/** `any`: where the server is another, or nothing is to be said of it alone. */
type Advice = Readonly<Partial<Record<Server, string>>> & { readonly any: string }

const written = 'use the configuration in .pkgmirror/servers of the tree'

const advice: Readonly<Record<ProblemKind, Advice>> = {
  status: {
    any: 'Files are not there or are refused: point the document root at the whole tree, copy it again, and let the server read every file, those whose names begin with a dot outside .pkgmirror included.',
    nginx:
      '`root` must be the tree, `location` blocks such as `location ~ /\\.` must not refuse its files, and the user that nginx runs as must be able to read it.',
    apache:
      '`DocumentRoot` must be the tree, with `Require all granted` for its `<Directory>`; the user that Apache runs as must be able to read it.',
  },
  bytes: {
    any: 'Bytes differ: copy the tree again (an export that ran meanwhile explains it, too), and let no filter, minifier or cache rewrite files.',
  },
  length: { any: 'Lengths differ from the bytes: let no filter rewrite files.' },
  type: {
    any: `Types are wrong: ${written}; pages have to be text/html.`,
    nginx: 'Include `mime.types`, and for container images .pkgmirror/servers/nginx/*.map, */*.map and */*.locations.',
    apache:
      'Load mod_mime, and for container images mod_rewrite, mod_headers and mod_env with .pkgmirror/servers/apache/*/*.conf.',
    caddy: 'Import .pkgmirror/servers/caddy/*/rules.caddy above `file_server`.',
    python: 'http.server cannot tell the types of container images: take nginx, Caddy or Apache for them.',
  },
  field: {
    any: `Header fields are missing: ${written}.`,
    nginx: 'Include .pkgmirror/servers/nginx/*.map and */*.map in `http`, */*.locations in `server`.',
    apache: 'Load mod_rewrite, mod_headers and mod_env, and include .pkgmirror/servers/apache/*/*.conf.',
    caddy: 'Import .pkgmirror/servers/caddy/*/rules.caddy.',
  },
  encoding: {
    any: 'Files are packed again on their way: switch compression off for packed files and for those whose digest is sent.',
    nginx: '`gzip off; gunzip off; brotli off;`, or a `gzip_types` without them.',
    apache:
      '`SetEnv no-gzip 1`, and `RemoveEncoding .gz .tgz .Z .bz2 .xz .zst`, which takes Content-Encoding off archives.',
    caddy: 'Take `encode` off these paths.',
  },
  redirect: {
    any: 'Redirects lead elsewhere: let the server redirect to the host and port that it was asked by.',
    nginx: '`absolute_redirect off;`',
    apache: '`UseCanonicalName Off`, and a `ServerName` with the right port.',
  },
  index: {
    any: 'A folder has to be answered with its index.json, else its index.html.',
    nginx: '`index index.json index.html;`',
    apache: '`DirectoryIndex index.json index.html` (mod_dir)',
    caddy: '`file_server { index index.json index.html }`',
  },
  slash: {
    any: 'npm asks for scoped packages with %2f: the server has to take it as a slash.',
    apache: '`AllowEncodedSlashes On` in the server or virtual host.',
    nginx: 'Hand paths on decoded: no `proxy_pass` with `$request_uri`, `merge_slashes` as it is.',
  },
  range: { any: 'Parts of files are wrong: let nothing rewrite ranges; switch off caches that do not know them.' },
  'no-ranges': {
    any: 'Parts of files cannot be asked for: broken downloads begin anew.',
    nginx: 'Remove `max_ranges 0`.',
  },
  'no-length': { any: 'Lengths are not told: clients show no progress, and cut transfers are noticed late.' },
  'type-unknown': {
    any: 'JSON is not told as application/json; the clients known here do not mind.',
    nginx: 'Include `mime.types`.',
  },
}

export interface Advised {
  readonly what: ProblemKind
  readonly text: string
}

/** One for each kind of problem; `server` is what the answers name. */
export function advise(found: Iterable<Problem['what']>, server: string): readonly Advised[] {
  const [name] = (Object.entries(signs) as [Server, RegExp][]).find(([, sign]) => sign.test(server)) ?? []
  return [...new Set(found)].map((what) => {
    const { any, ...own } = advice[what]
    const special = name === undefined ? undefined : own[name]
    return { what, text: special === undefined ? any : `${any} ${special}` }
  })
}

// Header fields that a plain web server does not know by itself (a type that no name tells, a digest), as configuration of the
// servers that people use: for each repository a list of paths for each field, and the rules that look there.

import { hash } from 'node:crypto'

/** The folder of these files, in the folder that belongs to the export. */
const SERVERS = 'servers'

/** One path of a tree, with a slash in front, and what it is served with. */
export type Line = readonly [path: string, value: string]

interface Server {
  /** The list of one field; `standard` is the value of every other path. */
  list(field: Field, lines: Iterable<Line>): Iterable<string>
  /** What looks there, for everything below a mount. */
  rules(at: Place, repo: string, fields: readonly Field[]): string
  /** How the names of lists end. */
  readonly listed: string
  ruled(repo: string): string
}

/** A folder of the tree, with a slash in front and none behind. */
export interface Place {
  readonly mount: string
  /** Mounts of other repositories below it, to which its rules do not reach. */
  readonly others: readonly string[]
}

/** The paths of a place as a regular expression that begins behind `^`. */
const regexpOf = ({ mount, others }: Place): string => {
  const without = others.map((one) => `${escaped(one.slice(mount.length + 1))}/`)
  return `${escaped(mount)}/${without.length === 0 ? '' : `(?!${without.join('|')})`}`
}
const escaped = (text: string): string => text.replace(/[.+]/g, '\\$&')

/** A header field of a repository. */
export interface Field {
  readonly repo: string
  readonly name: string
}

const unlisted = 'application/octet-stream'
const standard = ({ name }: Field): string => (name === 'content-type' ? unlisted : '')
/** Short, because nginx keeps names of variables in small buckets, and another one for each repository and field. */
const variable = ({ repo, name }: Field): string => `mirror_${hash('sha256', `${repo} ${name}`).slice(0, 12)}`
const title = (name: string): string => name.replace(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase())

/** Characters that mean nothing to any of the servers: whatever else a path or a value holds is not listed. */
const plain = /^[A-Za-z0-9 ._:;/@+=,~-]+$/
export const isListable = (path: string, value: string): boolean =>
  plain.test(path) && !path.includes(' ') && plain.test(value)

/** A folder is shown by its index file, under the name of the folder. */
function* withFolders(lines: Iterable<Line>): Generator<Line> {
  for (const [path, value] of lines) {
    yield [path, value]
    if (path.endsWith('/index.html')) yield [path.slice(0, -'index.html'.length), value]
  }
}

const nginx: Server = {
  listed: 'map',
  ruled: (repo) => `${repo}.locations`,
  *list(field, lines) {
    yield `map $uri $${variable(field)} {\n  default "${standard(field)}";\n`
    for (const [path, value] of lines) yield `  "${path}" "${value}";\n`
    yield '}\n'
  },
  // of several locations the longest counts
  rules: ({ mount }, _, fields) =>
    [
      `location ${mount}/ {`,
      '  index index.html;',
      '  gzip off;',
      // without a type of the server's own, the one that is added is the only one
      '  types { }',
      '  default_type "";',
      ...fields.map((field) => `  add_header ${title(field.name)} $${variable(field)};`),
      '}',
      '',
    ].join('\n'),
}

const caddy: Server = {
  listed: 'map',
  // an import takes one wildcard, and the folder is it
  ruled: () => 'rules.caddy',
  *list(field, lines) {
    yield `map {http.request.orig_uri.path} {${variable(field)}} {\n`
    for (const [path, value] of withFolders(lines)) yield `  ${path} "${value}"\n`
    yield `  default "${standard(field)}"\n}\n`
  },
  rules: ({ mount, others }, repo, fields) =>
    [
      ...fields.map(({ name }) => `import ${name}.map`),
      `@${variable({ repo, name: '' })} {`,
      `  path ${mount}/*`,
      ...(others.length === 0 ? [] : [`  not path ${others.map((one) => `${one}/*`).join(' ')}`]),
      '}',
      ...fields.map((field) => `header @${variable({ repo, name: '' })} ${title(field.name)} {${variable(field)}}`),
      '',
    ].join('\n'),
}

const apache: Server = {
  listed: 'txt',
  ruled: (repo) => `${repo}.conf`,
  *list(_, lines) {
    for (const [path, value] of withFolders(lines)) yield `${path} ${value}\n`
  },
  rules: (at, _, fields) =>
    [
      'RewriteEngine On',
      ...fields.flatMap((field) => [
        `RewriteMap ${variable(field)} "txt:\${PKGMIRROR}/.pkgmirror/${SERVERS}/apache/${field.repo}/${field.name}.txt"`,
        `RewriteRule ^${regexpOf(at)} - [E=${variable(field)}:\${${variable(field)}:%{REQUEST_URI}${standard(field) === '' ? '' : `|${standard(field)}`}}]`,
      ]),
      `<LocationMatch "^${regexpOf(at)}">`,
      '  SetEnv no-gzip 1',
      ...fields.map((field) => {
        const value = `%{reqenv:${variable(field)}}`
        return `  Header set ${title(field.name)} "expr=${value}" "expr=-n ${value}"`
      }),
      '</LocationMatch>',
      '',
    ].join('\n'),
}

const servers: Readonly<Record<string, Server>> = { nginx, caddy, apache }

export interface Configuration {
  /** Below the folder of an export: `servers/nginx/oci/oci.locations`. */
  readonly path: string
  text(): Iterable<string>
}

/** Keys of hash tables may be as long as paths are. Included once, whatever lists there are. */
const tables = 'map_hash_bucket_size 2048;\nmap_hash_max_size 262144;\n'

/** The files for one repository; `lines` gives those of a field, sorted by path. */
export function* configurations(
  at: Place,
  repo: string,
  fields: readonly Field[],
  lines: (field: Field) => Iterable<Line>,
): Generator<Configuration> {
  for (const [name, server] of Object.entries(servers)) {
    const folder = `${SERVERS}/${name}/${repo}`
    for (const field of fields)
      yield { path: `${folder}/${field.name}.${server.listed}`, text: () => server.list(field, lines(field)) }
    yield { path: `${folder}/${server.ruled(repo)}`, text: () => [server.rules(at, repo, fields)] }
  }
}

/** Does a path of the export's own folder belong to this repository? */
export const belongsTo = (path: string, repo: string): boolean => path.split('/').at(-2) === repo

/** Where a whole configuration listens: the port of the tree's address; behind one that ends TLS, another. */
function portOf(baseUrl: string): string {
  const { port, protocol } = new URL(baseUrl)
  if (port !== '') return port
  return protocol === 'https:' ? '8080' : '80'
}

/** What names tell of files, in trees. */
const types = {
  'text/html': 'html',
  'text/plain': 'txt md5 sha1 sha256 sha512 asc info mod',
  'application/json': 'json',
  'application/xml': 'xml pom module',
  'application/gzip': 'gz tgz crate',
  'application/zip': 'zip whl',
  'application/java-archive': 'jar war',
  'application/x-xz': 'xz',
  'application/x-bzip2': 'bz2',
  'application/zstd': 'zst',
  'application/vnd.debian.binary-package': 'deb',
}
const typeRows = Object.entries(types)

const nginxWhole = (port: string): string => `# nginx -p /srv/mirror -c .pkgmirror/servers/nginx/nginx.conf
# A server that is there already takes http.conf's maps and tree.conf into its own blocks, by absolute paths.
events { }
http {
  include *.map;
  include */*.map;
  types {
${typeRows.map(([type, names]) => `    ${type} ${names};`).join('\n')}
  }
  default_type ${unlisted};
  server {
    listen ${port};
    # below -p
    root ./;
    include tree.conf;
    include */*.locations;
  }
}
`

const nginxTree = `index index.json index.html;
absolute_redirect off;
sendfile on;
gzip off;
gunzip off;
`

const caddyWhole = (
  port: string,
): string => `# PKGMIRROR=/srv/mirror caddy run --config /srv/mirror/.pkgmirror/servers/caddy/Caddyfile
{
  auto_https off
  admin off
  persist_config off
}
http://:${port} {
  root * {$PKGMIRROR:.}
  import tree.caddy
  import */rules.caddy
  file_server {
    index index.json index.html
  }
}
`

const caddyTree = `# Caddy knows no names of some formats
${typeRows
  .map(([type, names], at) => {
    const globs = names.split(' ').map((name) => `*.${name}`)
    return `@type${at} path ${globs.join(' ')}\nheader @type${at} Content-Type ${type}`
  })
  .join('\n')}
`

/** Where systems keep Apache's modules, and as whom it runs there. */
const moduleFolders = [
  ['/usr/lib/apache2/modules', 'www-data'],
  ['/usr/lib64/httpd/modules', 'apache'],
  ['/usr/lib/apache2', 'apache'],
  ['/usr/local/apache2/modules', 'www-data'],
] as const
const apacheModules = ['mpm_event', 'unixd', 'authz_core', 'dir', 'mime', 'rewrite', 'headers', 'env']

const apacheWhole = (
  port: string,
): string => `# apache2 -d /srv/mirror -f .pkgmirror/servers/apache/httpd.conf (or httpd, the same way)
# A server that is there already says \`Define PKGMIRROR /srv/mirror\`, sets its DocumentRoot, and includes tree.conf and */*.conf.
<IfDefine !PKGMIRROR>
  Define PKGMIRROR .
</IfDefine>
${moduleFolders
  .map(
    ([folder, user]) =>
      `<IfDefine !MODULES>\n<IfFile "${folder}/mod_authz_core.so">\n  Define MODULES ${folder}\n  Define RUNAS ${user}\n</IfFile>\n</IfDefine>`,
  )
  .join('\n')}
${apacheModules
  .map((name) => `<IfModule !mod_${name}.c>\n  LoadModule ${name}_module \${MODULES}/mod_${name}.so\n</IfModule>`)
  .join('\n')
  .replaceAll('!mod_mpm_event.c', '!mpm_event_module')}
<IfDefine !PIDFILE>
  Define PIDFILE /run/pkgmirror-apache.pid
</IfDefine>
<IfDefine !ERRORLOG>
  Define ERRORLOG syslog
</IfDefine>
<IfModule mod_unixd.c>
  User \${RUNAS}
  Group \${RUNAS}
</IfModule>
ServerName localhost
PidFile \${PIDFILE}
ErrorLog \${ERRORLOG}
Listen ${port}
DocumentRoot "\${PKGMIRROR}"
<Directory "\${PKGMIRROR}">
  Require all granted
</Directory>
Include .pkgmirror/servers/apache/tree.conf
IncludeOptional .pkgmirror/servers/apache/*/*.conf
`

const apacheTree = `DirectoryIndex index.json index.html
AllowEncodedSlashes On
SetEnv no-gzip 1
TypesConfig /dev/null
${typeRows
  .map(
    ([type, names]) =>
      `AddType ${type} ${names
        .split(' ')
        .map((name) => `.${name}`)
        .join(' ')}`,
  )
  .join('\n')}
RemoveEncoding .gz .tgz .Z .bz2 .xz .zst
`

/** Configuration that loads whole, run from the tree, and what a server that is there already includes. */
export function wholeConfigurations(baseUrl: string): readonly Configuration[] {
  const port = portOf(baseUrl)
  const files: Readonly<Record<string, string>> = {
    'nginx/0.map': tables,
    'nginx/nginx.conf': nginxWhole(port),
    'nginx/tree.conf': nginxTree,
    'caddy/Caddyfile': caddyWhole(port),
    'caddy/tree.caddy': caddyTree,
    'apache/httpd.conf': apacheWhole(port),
    'apache/tree.conf': apacheTree,
  }
  return Object.entries(files).map(([path, text]) => ({ path: `${SERVERS}/${path}`, text: () => [text] }))
}

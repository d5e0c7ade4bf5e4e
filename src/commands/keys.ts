// `pkgmirror keys`: makes and shows the keys that sign bundles and receipts, and says whose are taken.

import { MirrorError } from '../errors.ts'
import { type Context, printJson, say } from './context.ts'
import { anchors, createKey, ownKey, ownKeys, trustKey, untrustKey, usualKey } from './key-files.ts'
import { columns, print } from './print.ts'

export interface KeysFlags {
  /** A name to show; a file, a key or its number to trust. */
  readonly what: string | undefined
  readonly name: string | undefined
  /** The public key alone. */
  readonly public: boolean
}

/** Returns the exit code. Throws USAGE for what cannot be done, CONFIG for broken files. */
export async function keys(context: Context, action: string, flags: KeysFlags): Promise<number> {
  const { data } = context.settings
  if (action === 'create') {
    const { name, file, secret } = await createKey(data, flags.name ?? flags.what ?? usualKey)
    tell(context, { action, name, id: secret.id, file, public: secret.publicFile })
    say(
      context,
      `Made the key ${name} (${secret.id}) in ${file}. The other side trusts it once it is given its public part:`,
    )
    print(context, secret.publicFile.trimEnd().split('\n'))
  } else if (action === 'list') {
    const [own, trusted] = [await ownKeys(data), await anchors(data)]
    tell(context, {
      action,
      own: own.map(({ name, file, secret }) => ({ name, id: secret.id, file })),
      trusted: trusted.map(({ id, file }) => ({ id, file })),
    })
    print(context, columns([...own.map(ownRow), ...trusted.map(({ id, file }) => [id, 'trusted', file])]))
    if (own.length + trusted.length === 0) say(context, 'There are no keys. `pkgmirror keys create` makes one.')
  } else if (action === 'show') {
    const { name, file, secret } = await ownKey(data, flags.what ?? flags.name ?? usualKey)
    tell(context, { action, name, id: secret.id, file, public: secret.publicFile })
    const head = flags.public
      ? []
      : columns([
          ['name', name],
          ['number', secret.id],
          ['secret key', file],
        ])
    print(context, [...head, ...secret.publicFile.trimEnd().split('\n')])
  } else if (action === 'trust') {
    const { id, added } = await trustKey(data, mustName(flags.what))
    tell(context, { action, id, added })
    say(context, added ? `Bundles and receipts by ${id} are taken from now on.` : `${id} was trusted already.`)
  } else if (action === 'untrust') {
    const id = await untrustKey(data, mustName(flags.what))
    tell(context, { action, id })
    say(context, `Nothing by ${id} is taken any more.`)
  } else {
    throw new MirrorError('USAGE', `keys cannot ${action}`, { hint: 'It can create, list, show, trust and untrust.' })
  }
  return 0
}

const ownRow = ({ name, file, secret }: Awaited<ReturnType<typeof ownKeys>>[number]): readonly string[] => [
  secret.id,
  `own: ${name}`,
  file,
]

function tell(context: Context, fields: Readonly<Record<string, unknown>>): void {
  if (context.json) printJson('keys', fields)
}

function mustName(what: string | undefined): string {
  if (what !== undefined) return what
  throw new MirrorError('USAGE', 'which key is not said', {
    hint: 'Name its .pub file, or give the line that begins with RW.',
  })
}

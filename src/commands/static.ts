// `pkgmirror serve --static DIR`: an exported tree as a dumb web server shows it, to see that it needs nothing more. A
// folder is answered with its index file; nothing is redirected, and no link leads out of the tree.

import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { lstat, realpath } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import path from 'node:path'
import handler from 'serve-handler'
import { asMirrorError, MirrorError } from '../errors.ts'
import { encodePath } from '../formats/safe-path.ts'
import type { App } from '../server/front.ts'
import { listen } from '../server/listen.ts'
import { readTarget } from '../server/request.ts'
import { OWN_FOLDER } from '../sinks/tree.ts'
import { type Context, printJson, say } from './context.ts'

/** How long answers under way may take after a signal, milliseconds. */
const GRACE = 10_000
/** What a folder is shown as, the first that is there. */
const INDEXES = ['index.json', 'index.html']

export async function serveStatic(context: Context, directory: string): Promise<number> {
  const root = await realpath(directory).catch(() => undefined)
  if (root === undefined || !(await lstat(root)).isDirectory()) {
    throw new MirrorError('USAGE', `${directory} is no directory`, {
      file: path.resolve(directory),
      hint: 'Write a tree first: `pkgmirror export DIR`.',
    })
  }
  const listening = await listen(staticApp(root), context.settings.listen)
  const { addresses } = listening
  if (context.json) printJson('ready', { addresses, static: root })
  else say(context, `${root} is served as plain files at ${addresses.join(' and ')}`)
  if (!context.signal.aborted) await once(context.signal, 'abort')
  await listening.close(GRACE)
  return 0
}

/** `root`: an absolute path without symbolic links. */
export function staticApp(root: string): App {
  return {
    handle(request, response) {
      answer(root, request, response).catch((error: unknown) => refuse(response, asMirrorError(error)))
    },
  }
}

async function answer(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { decoded } = readTarget(request)
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw new MirrorError('METHOD', `${request.method} is not possible on plain files`)
  }
  const found = await locate(root, decoded)
  if (found === undefined) throw new MirrorError('NOT_FOUND', `there is no ${decoded}`)
  request.url = encodePath(found)
  // it compares no validators: a part of a file that has changed since must not be taken for one of the old
  if (request.headers['if-range'] !== undefined || request.headers.range?.includes(',') === true)
    delete request.headers.range
  const options = { public: root, cleanUrls: false, symlinks: false, directoryListing: true, unlisted: [OWN_FOLDER] }
  await handler(request, response, options, {
    // as it is, a client that leaves would keep the file open, and a file that goes meanwhile would end the process
    createReadStream(file, range) {
      const stream = createReadStream(file, range)
      stream.on('error', () => response.destroy())
      response.once('close', () => stream.destroy())
      return stream
    },
  })
}

/** The path of what is shown at a path; undefined where there is nothing, or a link on the way. */
async function locate(root: string, decoded: string): Promise<string | undefined> {
  const bare = decoded.replace(/\/$/, '')
  if (bare === `/${OWN_FOLDER}` || bare.startsWith(`/${OWN_FOLDER}/`)) return undefined
  const place = path.join(root, bare)
  if ((await realpath(place).catch(() => undefined)) !== place) return undefined
  if (!(await lstat(place)).isDirectory()) return bare === decoded ? bare : undefined
  for (const index of INDEXES) {
    const found = await lstat(path.join(place, index)).catch(() => undefined)
    if (found?.isFile() === true) return `${bare}/${index}`
  }
  return `${bare}/`
}

function refuse(response: ServerResponse, { failure, message }: MirrorError): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const body = `${message}\n`
  response.writeHead(failure.status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}

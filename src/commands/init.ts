// `pkgmirror init --template`: a configuration file in which everything is explained and commented out.

import { configTemplate } from '../config/template.ts'
import { type Context, printJson, say } from './context.ts'
import { writeNew } from './new-file.ts'

export interface InitOptions {
  /** Absolute; none for standard output. */
  readonly file: string | undefined
  readonly force: boolean
}

/** Returns the exit code. Throws USAGE where another file is there. */
export async function init(context: Context, { file, force }: InitOptions): Promise<number> {
  const text = configTemplate()
  if (file !== undefined) {
    const { wrote } = await writeNew(file, text, force)
    say(context, wrote ? `wrote ${file}` : `${file} is as it should be`)
  }
  if (context.json) printJson('template', { file, ...(file === undefined ? { text } : {}) })
  else if (file === undefined) process.stdout.write(text)
  return 0
}

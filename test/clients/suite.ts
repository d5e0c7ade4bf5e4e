// A suite of a client that may be missing. The runner does not count the tests of a suite that is skipped, and so the
// suite itself is one skipped test then, with its reason.

import { describe, it } from 'node:test'

export function suite(name: string, missing: string | false | undefined, define: () => void): void {
  if (missing === undefined || missing === false) describe(name, define)
  else it(name, { skip: missing })
}

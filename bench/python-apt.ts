// python-apt as a reader of `Packages`: the same fields as ours, each stanza once.

import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'

/** Debian's own Python has the module, whatever else is called python3. */
const python = '/usr/bin/python3'

/** Argv before the file; it prints `{ seconds, peak }`. Undefined where it is not installed. */
export function pythonApt(folder: string, stanzas: number): readonly string[] | undefined {
  if (spawnSync(python, ['-c', 'import apt_pkg']).status !== 0) return undefined
  const script = path.join(folder, 'read-packages.py')
  writeFileSync(
    script,
    `import apt_pkg, json, re, sys, time
started = time.monotonic()
count = 0
with open(sys.argv[1]) as file:
    for section in apt_pkg.TagFile(file):
        for name in ("Package", "Version", "Architecture", "Filename", "Size", "SHA256", "Depends"):
            section.get(name)
        count += 1
assert count == ${stanzas}, count
peak = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read()).group(1)) * 1024
print(json.dumps({"seconds": time.monotonic() - started, "peak": peak}))
`,
  )
  return [python, script]
}

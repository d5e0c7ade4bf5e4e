// How the common download programs are pointed at the mirror: the base address changes, the path stays.

import type { Mounted, Setup } from '../../contract.ts'

const note =
  'Write the mirror’s address in place of upstream’s and leave the path as it is. Ranges and conditions are answered, so ' +
  'resuming (`-C -`, `-c`) and fetching only what changed (`-z`, `-N`) work.'

export function setup({ base }: Mounted<unknown>): readonly Setup[] {
  return [
    { client: 'curl', title: 'curl', commands: [`curl -fLO ${base}/PATH`], note },
    { client: 'wget', title: 'Wget', commands: [`wget -N ${base}/PATH`], note },
    { client: 'aria2c', title: 'aria2', commands: [`aria2c -x4 -c ${base}/PATH`], note },
  ]
}

// What proves something, in the words of every summary; docs/commands.md has them with what they mean.

const words: Readonly<Record<string, string>> = {
  signature: 'signature',
  lockfile: 'lockfile digest',
  digest: 'registry digest',
  tls: 'TLS only',
  'first-seen': 'first seen',
  made: 'made here',
}

export const proofWord = (proof: string): string => words[proof] ?? proof

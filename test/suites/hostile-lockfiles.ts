// What a stranger may call a lockfile.

/** Small, for it meets every format; what the parsers under them do with more is tested of the parsers. */
const many = 3000

/** The beginnings of lockfiles, so that a reader gets as far as what is hostile in them. */
export const hostile: readonly (readonly [what: string, content: string | Uint8Array])[] = [
  ['nothing', ''],
  ['bytes that are no text', new Uint8Array([0x7b, 0xff, 0xfe, 0x00])],
  ['null bytes', 'a\0b==1\n\0'],
  ['a web page', '<html><body>Sign in</body></html>'],
  ['lists within lists', '['.repeat(many)],
  ['lists within lists that end', `${'['.repeat(many)}${']'.repeat(many)}`],
  ['objects within objects', '{"a":'.repeat(many)],
  ['tables within tables', `version = 1\na = ${'{a='.repeat(many)}`],
  ['flow maps within flow maps', `version: 1\npackages: ${'{a: '.repeat(many)}`],
  ['blocks within blocks', Array.from({ length: 500 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ['list items within list items', `a:\n  ${'- '.repeat(many)}x`],
  ['elements within elements', '<a>'.repeat(many)],
  ['one huge line', 'a'.repeat(300_000)],
  ['a huge line of blanks', `a${' '.repeat(200_000)}b`],
  ['a huge line of brackets and quotes', `a = "${'\\"'.repeat(100_000)}`],
  ['a huge line of dashes', `${'-'.repeat(200_000)} h1:x=`],
  ['an unterminated text', '{"lockfileVersion": 3, "packages": {"a'],
  ['an unterminated block', '"""\n'.repeat(3) + 'x'.repeat(100_000)],
  [
    'names that every object has',
    '{"__proto__": {"version": "1"}, "constructor": {"version": "1"}, "packages": {"__proto__": {}}}',
  ],
  [
    'names that every object has, in tables',
    '["__proto__"]\nversion = "1"\n[[package]]\nname = "constructor"\nversion = "1"\n',
  ],
  ['names that every object has, in blocks', '__proto__:\n  version: "1"\nconstructor:\n  version: 1\n'],
  [
    'aliases of aliases',
    ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
      .concat(
        Array.from({ length: 12 }, (_, at) => `a${at + 1}: &a${at + 1} [${Array(10).fill(`*a${at}`).join(', ')}]`),
      )
      .join('\n'),
  ],
  ['an alias of itself', 'a: &a [*a]\nb: *a\n'],
  ['many aliases', `a: &a x\nb:\n${'- *a\n'.repeat(many)}`],
  ['entities of entities', '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;</x>'],
  ['continued lines without end', 'a \\\n'.repeat(many)],
  ['a file that includes itself', '-r hostile\n-c hostile\n'],
  ['many lines', 'x y z\n'.repeat(many)],
  ['a name with control characters', 'a\u001b[31m==1.0\n'],
]

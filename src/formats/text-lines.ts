// Text of any size, line by line.

/**
 * The lines of UTF-8 text without their ends, the last one too when nothing follows it. They come in groups, as the pieces
 * bring them, since a step for each of a million lines takes seconds. Throws `tooLong()` before it carries on with more than
 * `longest` characters of one line.
 */
export async function* lineGroups(
  pieces: AsyncIterable<Uint8Array>,
  longest: number,
  tooLong: () => Error,
): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const piece of pieces) {
    // only what is new is searched, so that a line in many pieces costs no more than one in few
    const [end = '', ...lines] = decoder.decode(piece, { stream: true }).split('\n')
    rest += end
    if (rest.length > longest) throw tooLong()
    const last = lines.pop()
    if (last === undefined) continue
    yield [rest, ...lines]
    rest = last
  }
  yield [rest + decoder.decode()]
}

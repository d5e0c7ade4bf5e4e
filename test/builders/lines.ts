// An ecosystem whose documents flow: lines, shown in capitals. Worker threads load this module.

import { type AnyEcosystem, type Doc, type ParamsOf, type Route, route } from '../../src/contract.ts'
import { shelf } from './shelf.ts'

/** A flow stops before the piece that has this. */
export const stop = 'stop\n'
export const shown = (text: string): string => text.replaceAll('line', 'LINE')
export const otherwise = (text: string): string => `otherwise\n${shown(text)}`

const lines = (view: (text: string) => string) =>
  ({
    kind: 'index',
    types: ['text/plain'],
    known: ({ name }) => ({ name }),
    async *read() {},
    view: async (doc) => doc && Buffer.from(view(Buffer.from(await doc.bytes()).toString())),
    flow,
  }) satisfies Route<ParamsOf<'/lines/:name'>, unknown>

async function* flow(doc: Doc): AsyncGenerator<Uint8Array> {
  for await (const piece of doc.stream()) {
    const text = Buffer.from(piece).toString()
    if (text.includes(stop)) throw new Error('stopped')
    yield Buffer.from(shown(text))
  }
}

const flowing: AnyEcosystem = {
  ...shelf,
  routes: [route('/lines/:name', lines(shown)), route('/otherwise/:name', lines(otherwise))],
}
export const ecosystems: readonly AnyEcosystem[] = [flowing]

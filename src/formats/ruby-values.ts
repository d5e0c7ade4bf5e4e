// What Ruby's Marshal format holds, as plain data: classes are names and nothing is ever created by one.

export interface RubySymbol {
  readonly type: 'symbol'
  readonly name: string
}
/** Named values beside the contents: instance variables, a string's encoding. */
export type Variables = readonly (readonly [name: string, value: RubyValue])[]
export interface RubyString {
  readonly type: 'string'
  readonly bytes: Uint8Array
  readonly variables: Variables
}
export interface RubyArray {
  readonly type: 'array'
  readonly items: readonly RubyValue[]
}
export interface RubyHash {
  readonly type: 'hash'
  readonly pairs: readonly (readonly [RubyValue, RubyValue])[]
  /** What a missing key stands for, when the hash says so. */
  readonly fallback?: RubyValue
}
/** `o`: an object by its instance variables. */
export interface RubyObject {
  readonly type: 'object'
  readonly class: string
  readonly variables: Variables
}
/** `U`: an object by what its `marshal_dump` gave. */
export interface RubyMarshalled {
  readonly type: 'marshalled'
  readonly class: string
  readonly value: RubyValue
}
/** `u`: an object by the bytes that its `_dump` gave. */
export interface RubyDumped {
  readonly type: 'dumped'
  readonly class: string
  readonly bytes: Uint8Array
  readonly variables: Variables
}
/** As it is written: `1.5`, `inf`, `-inf`, `nan`. */
export interface RubyFloat {
  readonly type: 'float'
  readonly text: string
}
/** Integers are numbers up to 31 bits, as Ruby writes them short, and bigint beyond. A value met twice is one JavaScript object. */
export type RubyValue =
  | null
  | boolean
  | number
  | bigint
  | RubySymbol
  | RubyString
  | RubyArray
  | RubyHash
  | RubyObject
  | RubyMarshalled
  | RubyDumped
  | RubyFloat

const utf8: Variables = [['E', true]]

/** A text as a Ruby string in UTF-8. */
export const rubyString = (text: string): RubyString => ({
  type: 'string',
  bytes: new TextEncoder().encode(text),
  variables: utf8,
})

/** The text of a Ruby string; undefined for any other value. Bytes that are not UTF-8 are replaced. */
export function textOf(value: RubyValue | undefined): string | undefined {
  if (!isKind(value, 'string')) return undefined
  const { buffer, byteOffset, length } = value.bytes
  return Buffer.from(buffer, byteOffset, length).toString()
}

type Kinds = { readonly [K in Extract<RubyValue, { readonly type: string }> as K['type']]: K }

/** Is it a value of this kind? */
export const isKind = <K extends keyof Kinds>(value: RubyValue | undefined, kind: K): value is Kinds[K] =>
  typeof value === 'object' && value !== null && value.type === kind

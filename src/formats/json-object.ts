// Parsed JSON of unknown shape.

export type JsonObject = Readonly<Record<string, unknown>>

/** Arrays are none. */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The object that bytes are; undefined when they are none. */
export function objectOf(bytes: Uint8Array): JsonObject | undefined {
  if (bytes[0] !== OPEN) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString())
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** `{` */
const OPEN = 0x7b

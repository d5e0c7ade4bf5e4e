// Parsed JSON of unknown shape.

export type JsonObject = Readonly<Record<string, unknown>>

/** Arrays are none. */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

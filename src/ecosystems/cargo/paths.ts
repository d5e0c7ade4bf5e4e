// Where things lie in a Cargo registry: https://doc.rust-lang.org/cargo/reference/registry-index.html#index-files

/** Crate names as registries take them; the length is twice what the public one allows. */
export const isCrateName = (text: string): boolean => /^[A-Za-z0-9_][A-Za-z0-9_-]{0,127}$/.test(text)

/** `1`, `2`, `3/a` or `an/yh`, in the case of the name. */
export function prefix(name: string): string {
  if (name.length < 3) return String(name.length)
  if (name.length === 3) return `3/${name.slice(0, 1)}`
  return `${name.slice(0, 2)}/${name.slice(2, 4)}`
}

/** Path of a crate's index file. */
export const indexPath = (name: string): string => `/${prefix(name.toLowerCase())}/${name.toLowerCase()}`

/** Path of a crate file: the name in its own case, the version with a literal `+`. */
export const cratePath = (name: string, version: string): string => `/crates/${name}/${name}-${version}.crate`

/** The version in the file name of a crate; undefined when the file is not one of that crate. */
export function crateVersion(name: string, file: string): string | undefined {
  if (!file.startsWith(`${name}-`) || !file.endsWith('.crate')) return undefined
  const version = file.slice(name.length + 1, -'.crate'.length)
  return version === '' ? undefined : version
}

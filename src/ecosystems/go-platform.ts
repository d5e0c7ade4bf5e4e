// Platforms as Go names them, which images do as well: https://go.dev/doc/install/source#environment

/** GOOS by other names for it. */
export const goSystems: Readonly<Record<string, string>> = { win32: 'windows', macos: 'darwin' }

/** GOARCH by other names for it. */
export const goArchitectures: Readonly<Record<string, string>> = {
  x64: 'amd64',
  x86_64: 'amd64',
  ia32: '386',
  x86: '386',
  i386: '386',
  aarch64: 'arm64',
}

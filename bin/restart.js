// Runs a module under a Node that is new enough: this one, or the Node 24 that the lockfile brings.
// CommonJS that loads nothing before it needs it, so that any old Node can still say what is wrong.

const NEEDED = [22, 19]

function isNewEnough(version) {
  const parts = version.split('.').map(Number)
  return parts[0] > NEEDED[0] || (parts[0] === NEEDED[0] && parts[1] >= NEEDED[1])
}

/** The Node that npm installed beside the other dependencies, here or in a folder above, when this platform has one. */
function installedNode() {
  const fs = require('fs')
  const path = require('path')
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const file = platform === 'win' ? 'node.exe' : 'node'
  for (const name of [`node-${platform}-${process.arch}`, `node-bin-${platform}-${process.arch}`]) {
    for (const folder of module.paths) {
      const found = path.join(folder, name, 'bin', file)
      if (fs.existsSync(found)) return found
    }
  }
  return undefined
}

function startAgain(node, script, args) {
  const child = require('child_process').spawn(node, [script].concat(args), { stdio: 'inherit' })
  const forward = (signal) => child.kill(signal)
  process.on('SIGINT', forward)
  process.on('SIGTERM', forward)
  process.on('SIGHUP', forward)
  child.on('error', (error) => {
    console.error(`pkgmirror: cannot start ${node}: ${error.message}`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

/** Keeps what is compiled (and, in a checkout, stripped of its types) for the next start, where that can be written. */
function cacheCompiled() {
  const module = require('module')
  const path = require('path')
  if (process.env.NODE_COMPILE_CACHE === undefined && module.enableCompileCache !== undefined) {
    module.enableCompileCache(path.join(__dirname, '..', 'node_modules', '.cache', 'compiled'))
  }
}

/** Imports `script` here, or runs `entry` again under the installed Node; exits with 2 when there is none. */
exports.run = (entry, script, args) => {
  if (isNewEnough(process.versions.node)) {
    cacheCompiled()
    return import(require('url').pathToFileURL(script).href)
  }
  const node = installedNode()
  if (node !== undefined) return startAgain(node, entry, args)
  console.error(
    `pkgmirror needs Node ${NEEDED.join('.')} or newer; this is ${process.versions.node} and no newer one is installed beside it.\n` +
      'Install Node 24 LTS, or run `npm ci` without --omit=optional in the checkout, which brings one for Linux, macOS and Windows.',
  )
  process.exit(2)
}

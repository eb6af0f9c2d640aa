// Lists optional dependencies that a lock file names and does not hold: npm ci fails on them, on other platforms than the one that wrote it.
// Usage: node scripts/lockgap.cjs ./package-lock.json
const { readFileSync } = require('node:fs')

const locked = JSON.parse(readFileSync(process.argv[2], 'utf8')).packages

/** Node's own lookup: beside the dependent, then in each node_modules above it. */
function isHeld(from, name) {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    if (locked[`${at ? `${at}/` : ''}node_modules/${name}`]) return true
    if (!at) return false
  }
}

let gaps = 0
for (const [path, { version, optionalDependencies = {} }] of Object.entries(locked)) {
  const missing = Object.entries(optionalDependencies).filter(([name]) => !isHeld(path, name))
  if (missing.length) console.log(`${path || 'root'}@${version} lacks ${missing.map((m) => m.join('@')).join(' ')}`)
  gaps += missing.length
}
if (gaps) process.exit(1)
console.log('no gaps')

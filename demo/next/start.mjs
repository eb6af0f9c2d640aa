// The app and its run server, side by side, with one key: `node start.mjs dev` or `node start.mjs start`. When one ends, the other does.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'

const [mode = 'start'] = process.argv.slice(2)
const port = process.env.PORT ?? '3000'
const runsPort = process.env.RUNS_PORT ?? '4680'
const env = {
  NEXT_TELEMETRY_DISABLED: '1',
  // both ask for it; one for this time will do, since the runs themselves do not depend on it
  RUNFEED_SECRET_KEY: `sk_${randomBytes(32).toString('base64url')}`,
  RUNFEED_URL: `http://127.0.0.1:${runsPort}`,
  ...process.env,
}
const origins = ['localhost', '127.0.0.1'].flatMap((host) => ['--allow-origin', `http://${host}:${port}`])
const start = (file, ...args) =>
  spawn(process.execPath, [join(import.meta.dirname, 'node_modules', file), ...args], { cwd: import.meta.dirname, env, stdio: 'inherit' })

const both = [
  start('runfeed/cli/main.js', 'serve', '--tasks', 'tasks/digest.ts', '--port', runsPort, ...origins),
  start('next/dist/bin/next', mode, '-H', '127.0.0.1', '-p', port),
]
const stop = () => both.forEach((one) => one.kill('SIGTERM'))
// who presses Ctrl+C reaches them too; they end by themselves
process.on('SIGINT', () => {})
process.on('SIGTERM', stop)
for (const one of both)
  one.on('exit', (code) => {
    process.exitCode ??= code ?? 0
    stop()
  })

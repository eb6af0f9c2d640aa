// A real nginx before a server, with the proxy settings that it has when nobody sets any.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { selfSigned } from './self-signed.ts'

/** `RUNFEED_SKIP=nginx` says that this machine has none, and its tests count as skipped. */
export const isNginxSkipped = (process.env['RUNFEED_SKIP'] ?? '').split(',').includes('nginx')

export interface Nginx {
  /** Plain HTTP. */
  readonly url: string
  /** TLS, which is how browsers speak HTTP/2, with a certificate that nobody knows. */
  readonly secureUrl: string
  close(): Promise<void>
}

/**
 * Files of `page` are served beside `/v1/`, which goes to `target`.
 * @param directives - more of them, for the server that proxies.
 */
export async function startNginx(target: string, page: string, directives = ''): Promise<Nginx> {
  const program = findProgram()
  const folder = await mkdtemp(join(tmpdir(), 'runfeed-nginx-'))
  const [port, securePort] = await freePorts()
  const { key, cert } = selfSigned()
  await writeFile(join(folder, 'key.pem'), key)
  await writeFile(join(folder, 'cert.pem'), cert)
  await writeFile(join(folder, 'index.html'), page)
  await writeFile(join(folder, 'nginx.conf'), configuration({ folder, port, securePort, target, directives }))
  const child = spawn(program, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')], { stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()))
  try {
    await listens(child, port)
  } catch {
    throw new Error(`nginx did not start: ${errors}`)
  }
  return {
    url: `http://127.0.0.1:${port}`,
    secureUrl: `https://127.0.0.1:${securePort}`,
    async close() {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

interface Settings {
  readonly folder: string
  readonly port: number
  readonly securePort: number
  readonly target: string
  readonly directives: string
}

// everything but `location` is about where it runs; of proxying only the address is said
const configuration = ({ folder, port, securePort, target, directives }: Settings): string => `
daemon off;
master_process off;
pid ${join(folder, 'nginx.pid')};
events {}
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${join(folder, name)};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    listen 127.0.0.1:${securePort} ssl http2;
    ssl_certificate ${join(folder, 'cert.pem')};
    ssl_certificate_key ${join(folder, 'key.pem')};
    root ${folder};
    types { text/html html; }
    ${directives}
    location /v1/ {
      proxy_pass ${target};
    }
  }
}
`

/** @throws Error with the line that installs it */
function findProgram(): string {
  // Debian keeps it where only root looks
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  const program = folders.map((folder) => join(folder, 'nginx')).find((path) => existsSync(path))
  if (program !== undefined) return program
  throw new Error('there is no nginx: apt-get install -y --no-install-recommends nginx-light, or set RUNFEED_SKIP=nginx')
}

/** Open at the same time, so that they are two; nginx takes no "any". */
async function freePorts(): Promise<readonly [number, number]> {
  const servers = [createServer(), createServer()] as const
  for (const server of servers) await once(server.listen(0, '127.0.0.1'), 'listening')
  const [one, other] = servers.map((server) => (server.address() as AddressInfo).port)
  for (const server of servers) await new Promise((resolve) => server.close(resolve))
  return [one as number, other as number]
}

async function listens(child: ChildProcess, port: number): Promise<void> {
  while (child.exitCode === null) {
    const socket = connect({ port, host: '127.0.0.1' })
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    if (isOpen) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('it ended')
}

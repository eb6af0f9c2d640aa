// What comes over the wire and is no request to any route, or one from the time before `Host`: answered in the one shape, by servers with keys and without.
import { text } from 'node:stream/consumers'
import { connect } from 'node:net'
import { createRunServer, memoryEngine } from 'runfeed/server'
import { describe, expect, onTestFinished, test } from 'vitest'
import { KEY } from './auth/keyed-server.ts'

async function startPort(hasKeys: boolean): Promise<number> {
  const server = createRunServer({ engine: memoryEngine(), ...(hasKeys && { auth: { secretKeys: [KEY] } }) })
  onTestFinished(async () => await server.close())
  return (await server.listen()).port
}

/** @returns its status and its body, which is JSON or text. */
async function say(port: number, lines: readonly string[]): Promise<readonly [status: number, body: unknown]> {
  const socket = connect(port, '127.0.0.1')
  socket.end(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`)
  const answer = await text(socket)
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  return [Number(/^HTTP\/1\.1 (\d+) /.exec(head)?.[1]), /^content-type: application\/json/im.test(head) ? JSON.parse(body) : body]
}

const refused = { error: { type: 'invalid_request', message: expect.stringMatching(/\w+ \w+/) as unknown } }

describe.each([
  ['with keys', true],
  ['without keys', false],
])('a server %s', (_what, hasKeys) => {
  test.each<[what: string, lines: readonly string[]]>([
    ['a Host that is empty', ['GET /v1/runs HTTP/1.1', 'Host: ']],
    ['a Host with a path', ['GET /v1/runs HTTP/1.1', 'Host: 127.0.0.1/x.example']],
    ['a Host with a name before it', ['GET /v1/runs HTTP/1.1', 'Host: evil.example@127.0.0.1']],
    ['a Host with a port that is none', ['GET /healthz HTTP/1.1', 'Host: 127.0.0.1:99999']],
    ['no Host', ['GET /healthz HTTP/1.1']],
    ['an address that is a star', ['OPTIONS * HTTP/1.1', 'Host: 127.0.0.1']],
  ])('answers %s with 400, and says what is wrong', async (_name, lines) => {
    const port = await startPort(hasKeys)
    expect(await say(port, lines)).toEqual([400, refused])
  })

  test('answers a probe of HTTP/1.0, which names no Host', async () => {
    const port = await startPort(hasKeys)
    expect(await say(port, ['GET /healthz HTTP/1.0'])).toEqual([200, 'ok\n'])
    expect((await say(port, ['GET /readyz HTTP/1.0']))[0]).toBe(200)
    expect(await say(port, ['GET /nothing HTTP/1.0', `Authorization: Bearer ${KEY}`])).toEqual([
      hasKeys ? 404 : 403,
      { error: { type: hasKeys ? 'not_found' : 'forbidden', message: expect.any(String) as unknown } },
    ])
  })

  test('leaves aside what a request expects beyond 100-continue', async () => {
    const port = await startPort(hasKeys)
    expect((await say(port, ['GET /readyz HTTP/1.1', 'Host: 127.0.0.1', 'Expect: the-unexpected']))[0]).toBe(200)
  })

  test.each(['/healthz', '/readyz', '/metrics'])('names the methods that %s takes', async (path) => {
    const port = await startPort(hasKeys)
    const [status, body] = await say(port, [`DELETE ${path} HTTP/1.1`, 'Host: 127.0.0.1', 'X-Runfeed: 1'])
    expect([status, body]).toEqual([405, { error: { type: 'method_not_allowed', message: `${path} takes GET, HEAD, not DELETE` } }])
  })
})

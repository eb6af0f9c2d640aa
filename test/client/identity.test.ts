// Who shares a connection with whom.
import { expect, test } from 'vitest'
import { groupOf } from '../../src/client/share/identity.ts'

const token = (claims: object): string => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`
const group = (claims: object): string | undefined => groupOf('https://host', undefined, token(claims))

test('tabs of one subject with the same rights do, however often their tokens are renewed', () => {
  const claims = { sub: 'Zoë ✓', scopes: ['read:runs:run_a'] }
  expect(group({ ...claims, exp: 1, iat: 1, jti: 'a' })).toBe(group({ scopes: ['read:runs:run_a'], exp: 2, iat: 2, sub: 'Zoë ✓' }))
  expect(group(claims)).not.toBe(group({ ...claims, scopes: ['read:runs:run_b'] }))
  expect(group(claims)).not.toBe(group({ ...claims, sub: 'Zoe' }))
  expect(group(claims)).not.toBe(groupOf('https://other', undefined, token(claims)))
})

test.each<[string, string | undefined]>([
  ['no token', undefined],
  ['a secret', 'sk_not_a_token'],
  ['no subject', token({ scopes: [] })],
  ['a subject that is none', token({ sub: 7 })],
  ['what is no JSON', 'a.b.c'],
  ['what is no object', `a.${Buffer.from('null').toString('base64url')}.c`],
])('%s tells nobody apart: nothing is shared', (_name, text) => {
  expect(groupOf('', undefined, text)).toBeUndefined()
  expect(groupOf('', 'me', text)).toBe(groupOf('', 'me', undefined))
})

// Public tokens over REST, for backends in other languages and the CLI: whoever holds a secret key asks its server for one.
import { z } from 'zod'
import { type Route, route } from '../route.ts'
import { closed } from '../schema-parts.ts'
import type { PublicTokenContents, SignedToken } from './create-public-token.ts'
import { MAX_SCOPES, type Scope } from './scopes.ts'
import { boundTrigger } from './token-claims.ts'

const MAX_TOKEN_BODY_BYTES = 256 * 1024

// what each may be is said by whoever makes the token, here or in the host's process
const tokenRequest = closed({
  scopes: z.array(z.string()).min(1).max(MAX_SCOPES) as unknown as z.ZodType<readonly Scope[]>,
  expiresIn: z.union([z.number(), z.string()]).optional(),
  subject: z.string().optional(),
  trigger: boundTrigger.optional(),
}) as unknown as z.ZodType<PublicTokenContents>

const signedToken: z.ZodType<SignedToken> = z.object({
  token: z.string(),
  expiresAt: z.number().describe('Ms since the epoch.'),
})

export function tokenRoutes(): readonly Route[] {
  return [
    route(
      {
        name: 'createToken',
        method: 'POST',
        path: '/v1/tokens',
        summary: 'Makes a public token of the namespace of the secret key.',
        who: 'writers',
        body: { schema: tokenRequest, limit: MAX_TOKEN_BODY_BYTES },
        answers: { 201: { description: 'The token, and when it ends.', schema: signedToken } },
        errors: ['invalid_value'],
        // a server without keys has none to give
        isStatic: true,
      },
      async ({ access, body }) => Response.json(await access.sign(body), { status: 201 }),
    ),
  ]
}

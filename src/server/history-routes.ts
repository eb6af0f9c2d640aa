// What a run was: its versions over REST, and the record at any of them, as far as its log reaches back.
import { Hono } from 'hono'
import { z } from 'zod'
import type { Access, AccessEnv } from './access.ts'
import { notFound } from './http-errors.ts'
import { check } from './read-body.ts'

const historyQuery = z.object({
  after: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
})

export function historyRoutes(): Hono<AccessEnv> {
  const find = async (access: Access, id: string): Promise<void> => {
    const stored = await access.engine.record.read(id)
    if (!stored) throw notFound(id)
    await access.mayReadHistory(stored.run)
  }
  return new Hono<AccessEnv>()
    .get('/runs/:id/history', async (context) => {
      const { access } = context.var
      const id = context.req.param('id')
      const { after, limit } = check(historyQuery, context.req.query())
      await find(access, id)
      const { oldest, versions } = await access.engine.record.history(id, after, limit)
      // a cursor is for the feed, which gives its own
      return context.json({
        oldest,
        versions: versions.map(({ version, at, by, patch }) => ({ version, at, by: by !== null && access.shows(by, id) ? by : null, patch })),
      })
    })
    .get('/runs/:id/history/:version', async (context) => {
      const { access } = context.var
      const { id, version } = context.req.param()
      if (!/^[1-9]\d{0,14}$/.test(version)) throw notFound(`version ${version} of ${id}`)
      await find(access, id)
      return context.json(await access.engine.record.at(id, Number(version)))
    })
}

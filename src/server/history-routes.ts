// What a run was: its versions over REST, and the record at any of them, as far as its log reaches back.
import { Hono } from 'hono'
import { z } from 'zod'
import type { RunEngine } from '../protocol/engine.ts'
import { notFound } from './http-errors.ts'
import { check } from './read-body.ts'

const historyQuery = z.object({
  after: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
})

export function historyRoutes(engine: RunEngine): Hono {
  return new Hono()
    .get('/runs/:id/history', async (context) => {
      const { after, limit } = check(historyQuery, context.req.query())
      const { oldest, versions } = await engine.record.history(context.req.param('id'), after, limit)
      // a cursor is for the feed, which gives its own
      return context.json({ oldest, versions: versions.map(({ version, at, by, patch }) => ({ version, at, by, patch })) })
    })
    .get('/runs/:id/history/:version', async (context) => {
      const { id, version } = context.req.param()
      if (!/^[1-9]\d{0,14}$/.test(version)) throw notFound(`version ${version} of ${id}`)
      return context.json(await engine.record.at(id, Number(version)))
    })
}

// What a run was: its versions over REST, and the record at any of them, as far as its log reaches back.
import { z } from 'zod'
import type { Access } from './access.ts'
import { history, run } from './answer-schemas.ts'
import { notFound } from './http-errors.ts'
import { type Route, route } from './route.ts'
import { whole } from './schema-parts.ts'

const historyQuery = z.object({
  after: whole(0, Number.MAX_SAFE_INTEGER).default(0).describe('The version before the first wanted one.'),
  limit: whole(1, 1000).default(100).describe('At most so many; fewer where they are large.'),
})

export function historyRoutes(): readonly Route[] {
  const find = async (access: Access, id: string): Promise<void> => {
    const stored = await access.engine.record.read(id)
    if (!stored) throw notFound(id)
    await access.mayReadHistory(stored.run)
  }
  return [
    route(
      {
        name: 'readHistory',
        method: 'GET',
        path: '/v1/runs/{id}/history',
        summary: 'The versions of a run that its log holds, oldest first.',
        who: 'readers',
        query: historyQuery,
        answers: { 200: { description: 'What changed, when, and by whom where the caller may know.', schema: history } },
        errors: ['not_found'],
      },
      async ({ access, param, query: { after, limit } }) => {
        const id = param('id')
        await find(access, id)
        const { oldest, versions } = await access.engine.record.history(id, after, limit)
        // a cursor is for the feed, which gives its own
        return Response.json({
          oldest,
          versions: versions.map(({ version, at, by, patch }) => ({ version, at, by: by !== null && access.shows(by, id) ? by : null, patch })),
        })
      },
    ),
    route(
      {
        name: 'readVersion',
        method: 'GET',
        path: '/v1/runs/{id}/history/{version}',
        summary: 'The run as it was at a version.',
        who: 'readers',
        answers: { 200: { description: 'The run as it was.', schema: run } },
        errors: ['not_found', 'version_gone'],
      },
      async ({ access, param }) => {
        const [id, version] = [param('id'), param('version')]
        if (!/^[1-9]\d{0,14}$/.test(version)) throw notFound(`version ${version} of ${id}`)
        await find(access, id)
        return Response.json(await access.engine.record.at(id, Number(version)))
      },
    ),
  ]
}

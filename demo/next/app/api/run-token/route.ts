// A page's next token, when its first one has ended. Ask here who it is.
import { pageToken } from '@/lib/runs'

export const dynamic = 'force-dynamic'

export async function GET(): Promise<Response> {
  return new Response(await pageToken(), { headers: { 'cache-control': 'no-store' } })
}

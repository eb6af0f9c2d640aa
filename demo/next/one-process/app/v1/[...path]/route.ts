// The API and the feed, from Next's own address.
import { runServer } from '@/lib/connect'

export const dynamic = 'force-dynamic'
const answer = (request: Request): Promise<Response> => runServer().fetch(request)
export { answer as GET, answer as POST }

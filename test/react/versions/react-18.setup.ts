import { loadReact } from './redirect.ts'

loadReact(18)

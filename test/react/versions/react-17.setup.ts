import { loadReact } from './redirect.ts'

loadReact(17)

import type { NextConfig } from 'next'

const config: NextConfig = {
  // this folder, not the repository around it, whose lock file Next would find
  turbopack: { root: import.meta.dirname },
  outputFileTracingRoot: import.meta.dirname,
}
export default config

import type { StorybookConfig } from '@storybook/react-vite'
import { defaultClientConditions } from 'vite'

const config: StorybookConfig = {
  framework: '@storybook/react-vite',
  stories: ['../stories/**/*.stories.tsx'],
  addons: ['@storybook/addon-docs', '@storybook/addon-a11y', '@storybook/addon-vitest'],
  core: { disableTelemetry: true, disableWhatsNewNotifications: true },
  typescript: { reactDocgen: 'react-docgen' },
  // stories import `runfeed/...` as users do, and get the sources
  viteFinal: (vite) => ({ ...vite, resolve: { ...vite.resolve, conditions: ['@runfeed/source', ...defaultClientConditions] } }),
}
export default config

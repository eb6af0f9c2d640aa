import addonA11y from '@storybook/addon-a11y'
import addonDocs from '@storybook/addon-docs'
import { definePreview } from '@storybook/react-vite'
import 'runfeed/tokens.css'
import 'runfeed/styles.css'
import './preview.css'

export default definePreview({
  addons: [addonDocs(), addonA11y()],
  tags: ['autodocs'],
  // a violation fails the story's test
  parameters: { a11y: { test: 'error' } },
  globalTypes: {
    theme: {
      description: 'data-theme on <html>',
      toolbar: {
        title: 'Theme',
        icon: 'mirror',
        dynamicTitle: true,
        items: [
          { value: 'light', title: 'Light' },
          { value: 'dark', title: 'Dark' },
        ],
      },
    },
  },
  initialGlobals: { theme: 'light' },
  decorators: [
    (Story, { globals }) => {
      document.documentElement.dataset['theme'] = String(globals['theme'])
      return Story()
    },
  ],
})

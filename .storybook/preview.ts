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
      description: 'data-theme on <html>; without one, the system decides',
      toolbar: {
        title: 'Theme',
        icon: 'mirror',
        dynamicTitle: true,
        items: [
          { value: 'auto', title: 'Auto' },
          { value: 'light', title: 'Light' },
          { value: 'dark', title: 'Dark' },
        ],
      },
    },
  },
  initialGlobals: { theme: 'auto' },
  decorators: [
    (Story, { globals }) => {
      const { dataset } = document.documentElement
      if (globals['theme'] === 'auto') delete dataset['theme']
      else dataset['theme'] = String(globals['theme'])
      return Story()
    },
  ],
})

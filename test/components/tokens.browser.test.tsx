import 'runfeed/tokens.css'
import 'runfeed/styles.css'
import { RunStatusBadge } from 'runfeed/components'
import { afterEach, expect, test } from 'vitest'
import { render } from 'vitest-browser-react'

const LIGHT = 'rgb(176, 36, 28)'
const DARK = 'rgb(255, 163, 155)'
const root = document.documentElement

afterEach(() => {
  delete root.dataset['theme']
  root.style.colorScheme = ''
})

/** The colours of a badge on the page, in a light part of it and in a dark one. */
async function colours(): Promise<string[]> {
  const { container } = await render(
    <>
      <RunStatusBadge status="FAILED" />
      <div data-theme="light">
        <RunStatusBadge status="FAILED" />
        <div data-theme="dark">
          <RunStatusBadge status="FAILED" />
        </div>
      </div>
    </>,
  )
  return [...container.querySelectorAll('.rf-badge')].map((badge) => getComputedStyle(badge).color)
}

test('the nearest data-theme decides, else the page, else the system', async () => {
  expect(await colours()).toEqual([LIGHT, LIGHT, DARK])
  root.dataset['theme'] = 'dark'
  expect(await colours()).toEqual([DARK, LIGHT, DARK])
  delete root.dataset['theme']
  root.style.colorScheme = 'dark'
  expect(await colours()).toEqual([DARK, LIGHT, DARK])
})

test('data-theme on the root decides before what a page says of its root', async () => {
  const style = document.createElement('style')
  style.textContent = ':root { color-scheme: light dark }'
  document.head.append(style)
  root.dataset['theme'] = 'dark'
  const [first] = await colours()
  style.remove()
  expect(first).toBe(DARK)
})

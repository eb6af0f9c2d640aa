// Each project tests the React that it is named for: an alias that does not reach would test 19 three times.
import { version } from 'react'
import { version as domVersion } from 'react-dom'
import { renderHook } from '@testing-library/react'
import { useRun } from 'runfeed/react'
import { expect, inject, test } from 'vitest'
import { fakeClient } from '../fake-client.ts'

test('is what the project says', () => {
  const { react, isCompiled } = inject('versions')
  expect([version.split('.')[0], domVersion.split('.')[0]]).toEqual([react, react])
  const Reader = () => <p>{useRun('run_a').status}</p>
  // the compiler writes a cache into what it compiles
  expect(Reader.toString().includes('$[')).toBe(isCompiled)
})

test('hooks and their shim have the same React', () => {
  const client = fakeClient()
  const { result } = renderHook(() => useRun('run_a', { client }))
  client.write('run_a', { n: 1 })
  expect(result.current.run?.metadata).toEqual({ n: 1 })
})

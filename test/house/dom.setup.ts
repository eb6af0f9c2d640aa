// What @testing-library/react does by itself only where test functions are globals: act warnings on, and an empty page after each test.
import { cleanup, configure } from '@testing-library/react'
import { afterEach } from 'vitest'

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })
// a condition is waited for, however slow the machine: the test's own time limit ends it
configure({ asyncUtilTimeout: 60_000 })
afterEach(cleanup)

// What @testing-library/react does by itself only where test functions are globals: act warnings on, and an empty page after each test.
import { cleanup } from '@testing-library/react'
import { afterEach } from 'vitest'

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })
afterEach(cleanup)

'use client'
// Where a commit is written down for who calls later: before all other effects, a child's layout effects too, so that who calls in one acts on what
// this render says, and not on the one before.
import * as React from 'react'

// React 17 has none, and a bundler that reads its name beside the import refuses a React without it. There a child's layout effects come earlier.
const insertion = Reflect.get(React, 'useInsertionEffect') as typeof React.useLayoutEffect | undefined
// on a server React 17 warns of layout effects
export const useCommit: typeof React.useLayoutEffect = insertion ?? (typeof window === 'undefined' ? React.useEffect : React.useLayoutEffect)

'use client'
// The hooks with the contract's types.
import { createRunHooks } from 'runfeed/react'
import { digest } from './contract.ts'

export const { useRunMetadata, useRuns } = createRunHooks(digest)

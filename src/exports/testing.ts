// `runfeed/testing`: an export list and nothing else.
export { type ManualScheduler, manualScheduler } from '../testing/manual-scheduler.ts'
export type { Script, ScriptStep } from '../testing/script.ts'
export type { ScriptedCall, ScriptedReaction } from '../testing/scripted-call.ts'
export { createScriptedFeed, type ScriptedFeed, type ScriptedFeedOptions } from '../testing/scripted-feed.ts'
export { SCRIPT_EPOCH, scriptedRun } from '../testing/scripted-run.ts'

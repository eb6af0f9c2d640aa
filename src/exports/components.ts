// `runfeed/components`: an export list and nothing else.
export type { PartAttributes, PartProps, RootAttributes } from '../components/part.ts'
export type { ProgressWords } from '../components/progress-text.ts'
export { RunProgress, type RunProgressProps, type RunProgressState } from '../components/run-progress.tsx'
export { RunStatusBadge, type RunStatusBadgeProps, type RunStatusBadgeState } from '../components/run-status-badge.tsx'
export type { StatusTone } from '../components/status-look.ts'
export { StreamText, type StreamTextProps, type StreamTextState, type StreamWords } from '../components/stream-text.tsx'

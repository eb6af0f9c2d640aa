// `runfeed`: the client, contracts, errors and types. No React.
export { createRunClient, type RunClientInternals, type RunClientLayers, type RunClientOptions } from '../client/create-run-client.ts'
export { type ClientState, dehydrate, hydrate } from '../client/dehydrate.ts'
export type { Followed, RetrieveOptions, RunClient, RunRef, StreamSubscribeOptions, SubscribeOptions } from '../client/run-client.ts'
export { acrossTabs, type ShareOptions } from '../client/share/across-tabs.ts'
export { defineRun } from '../contract/define-run.ts'
export type { Issue } from '../contract/judge.ts'
export { type ParsedMetadata, parseMetadata, parseRun } from '../contract/parse.ts'
export type { InputOf, OutputOf, Schema } from '../contract/standard-schema.ts'
export type { MetadataInput, MetadataOf, MetadataSchema, RunContract, RunOf, Shape, Storable, Stored } from '../contract/types.ts'
export type { Cursor } from '../protocol/cursor.ts'
export {
  ConnectionError,
  DeniedError,
  type ErrorBody,
  HttpError,
  InvalidOperationError,
  InvalidRequestError,
  InvalidValueError,
  MetadataTooLargeError,
  NotFoundError,
  ProtocolError,
  RunEndedError,
  RunfeedError,
  StaleAttemptError,
  TooLargeError,
  VersionGoneError,
} from '../protocol/errors.ts'
export type { Frame, FrameEvent, FrameOf } from '../protocol/frame.ts'
export type { Json, JsonObject } from '../protocol/json.ts'
export type { Patch, PatchOperation } from '../protocol/patch.ts'
export type { RunHandle, RunListRequest, RunPage, RunQuery, RunVersion, RunVersionPage, TriggerOptions } from '../protocol/rest.ts'
export type { Run, RunFailure, StreamState, StreamSummary } from '../protocol/run.ts'
export { isTerminalStatus, type KnownStatus, RUN_STATUSES, type RunStatus, type TerminalStatus } from '../protocol/status.ts'
export type { FeedQuery, QueryWant, RunWant, StreamWant, Want } from '../protocol/want.ts'
export type { Scheduler } from '../store/scheduler.ts'
export type { ChunkLog, RunListSnapshot, RunSnapshot, Source, StreamSnapshot } from '../store/snapshot.ts'
export type { ConnectionSnapshot, ConnectionStatus, TransportName } from '../transport/connection-status.ts'
export type { Environment } from '../transport/environment.ts'
export { type AccessToken, type HttpTransportOptions, httpTransport } from '../transport/http-transport.ts'
export { type PollOptions, poll } from '../transport/poll.ts'
export type { RunTransport, TransportLayer } from '../transport/run-transport.ts'

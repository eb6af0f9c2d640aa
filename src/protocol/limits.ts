// Every bound of the protocol, in one place. Sizes are bytes of UTF-8, times are milliseconds.

/** The protocol version that a request names and an `open` frame answers. */
export const PROTOCOL_VERSION = 1

/** Run metadata, as JSON. `TASK_RUN_METADATA_MAXIMUM_SIZE` sets another. */
export const MAX_METADATA_BYTES = 262_144
/** A run's payload and a run's output, as JSON, each. */
export const MAX_PAYLOAD_BYTES: number = 10 * 1024 * 1024
/** One stream chunk, as JSON. */
export const MAX_CHUNK_BYTES: number = 1024 * 1024
/** Levels of containers in metadata. */
export const MAX_DEPTH = 64
/** Subscriptions on one connection, and the bytes of the body that asks for them. */
export const MAX_WANTS = 5000
export const MAX_WANTS_BYTES: number = 1024 * 1024
/** Runs that one request makes or claims, and the bytes of a writer's or worker's request: what is more is several requests. */
export const MAX_RUNS = 1000
export const MAX_REQUEST_BYTES: number = 32 * 1024 * 1024
/** A payload or an output over this is left out of frames. */
export const MAX_INLINE_BYTES: number = 128 * 1024
/** One encoded frame. */
export const MAX_FRAME_BYTES: number = 4 * 1024 * 1024

/** A document is stored whole every so many versions; between two of them the log has patches. */
export const SNAPSHOT_EVERY = 256
/** Versions of a run that its log keeps, and the bytes of them: whatever is reached first. */
export const LOG_VERSIONS = 10_000
export const LOG_BYTES: number = 16 * 1024 * 1024
/** Chunks of one stream that are kept, as JSON. */
export const STREAM_BYTES: number = 64 * 1024 * 1024
/** How long a run is kept once it and all of its tree have ended: 30 days. */
export const RETENTION_MS: number = 30 * 24 * 3_600_000
/** Tags of one run. */
export const MAX_TAGS = 20
/** Idempotency and concurrency keys, in UTF-16 units. */
export const MAX_KEY_LENGTH = 256
/** How long a claim lasts without a renewal, a write or a heartbeat. */
export const LEASE_MS = 30_000
/** How long a canceled run may take to stop once its worker has heard of it, its hooks included. */
export const CANCEL_MS = 30_000
/** How long after its end a run still takes metadata from its descendants and from the secret key. */
export const LATE_WRITES_MS = 3_600_000
/** Updates of one run gather while a flush is in flight, and for so long after it. */
export const FLUSH_INTERVAL_MS = 50
/** At most one version frame per run in this time; the first after a quiet tick leaves at once. */
export const TICK_MS = 50
/** Default time between two `ping` frames: below every common proxy timeout. */
export const HEARTBEAT_MS = 15_000

/** Stream keys, tags and task ids. */
export const NAME_PATTERN: RegExp = /^[\w.:/-]{1,128}$/

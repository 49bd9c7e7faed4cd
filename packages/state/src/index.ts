export { BackgroundWork, type Background, noBackground, waitFor } from "./background.ts";
export {
  type ByteChunks,
  type ColumnAllocator,
  type ColumnArrays,
  type ColumnKind,
  type ColumnPool,
  type ColumnRole,
  type PoolArrays,
  type PoolColumn,
  type PoolRows,
  type PoolSpec,
  type WasmMemory,
} from "./columns.ts";
export { StateError, type StateErrorCode } from "./errors.ts";
export { Fingerprint } from "./fingerprint.ts";
export { EXPLORE, type Gate, gateHolder, type GateHolder } from "./gate.ts";
export { growingColumns, moveColumnsAtEveryOperation } from "./growing-columns.ts";
export { type Leaf, type LeafMethod, type LeafOperation, type LeafResult, leaves, type LeafTable, mark } from "./leaves.ts";
export { reservedColumns, type ReservedOptions } from "./reserved-columns.ts";
export { RwLocks } from "./rw-locks.ts";
export { type ColumnGuard, Slab, type SlabOptions, type Snapshot } from "./slab.ts";
export { Counters, EventRing, noTracer, type TracedEvent, type Tracer } from "./tracer.ts";

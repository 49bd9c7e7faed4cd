import type { ColumnAllocator, ColumnPool } from "@zeropfn/state";
import { NULL_ENTRY, isNodeEntry, isSiblingEntry, isValueEntry, nodeEntry, nodeOf, slotOfSibling } from "./entries.ts";
import { giveBack, isUsed, takeLowest } from "./free-nodes.ts";
import { MAX_INDEX, digit, power } from "./geometry.ts";
import { ON_HEAD } from "./position.ts";

/** `leafChunk`: none is remembered. No index below 2^31 has this chunk, and no negative one, for chunkShift ≥ 1. */
export const NO_CHUNK = 0xffff_ffff;
/** `leafSlotOf`: there is no such slot. */
const NONE = -1;
/** 32-bit shifts take indices below 2^31 apart, in trees of at most so many bits below the head's digit. */
const MAX_LOW_SHIFT = 30;

export interface ForestSize {
  /** Arrays there may ever be at once. */
  readonly arrayCapacity: number;
  /** Nodes of all arrays there may ever be at once. */
  readonly nodeCapacity: number;
  /** Nodes to begin with, where columns may grow. */
  readonly initialNodes: number;
  readonly chunkShift: number;
}

/** Number of marks of an entry. @kernel XA_MAX_MARKS — include/linux/xarray.h, v7.3 */
export const MARK_COUNT = 3;

/**
 * The columns under all arrays of one pool, and what one step may do with them: the trees' nodes, and the arrays' heads.
 *
 * A node of shift s has 2^chunkShift slots; slot k holds what lies at digit k of the index, counted from bit s. An entry
 * of several slots lies in its first slot, and the others name that slot (siblings). Nodes that are free are all 0.
 *
 * @kernel struct xa_node, struct xarray — include/linux/xarray.h, v7.3
 */
export class Forest {
  readonly chunkShift: number;
  /** Slots of a node, and that less 1. */
  readonly slotCount: number;
  readonly slotMask: number;
  /** Words of one mark of a node. */
  readonly markWords: number;

  /** [node << chunkShift | slot] entry, see entries.ts; read with `| 0`. */
  slots!: Uint32Array;
  /** [(node × 3 + mark) × markWords + word] one bit for each slot: it or something below it is marked. */
  marks!: Uint32Array;
  /** [node] node above, plus 1; 0: the node is a head. */
  parents!: Uint32Array;
  /** [node] slot of the node above. */
  offsets!: Uint8Array;
  /** [node] bit of the index at which its digit begins. */
  shifts!: Uint8Array;
  /** [node] slots that hold anything, siblings included. */
  counts!: Uint8Array;
  /** [node] slots that hold a value or the sibling of one. */
  values!: Uint8Array;
  used!: Uint32Array;
  full!: Uint32Array;
  readonly firstFree: Uint32Array;
  /** [node] what `changes` was when it was freed last: a cursor that stood on it then is stale. */
  stamps!: Uint32Array;

  /** [array] entry: nothing, the only entry, at index 0, or a node. */
  readonly heads: Uint32Array;
  /** [array] see array-flags.ts. */
  readonly flags: Uint8Array;
  /** [array] the leaf that was met last: its indices >>> chunkShift, if they are below 2^31; or `NO_CHUNK`. */
  readonly leafChunk: Uint32Array;
  /** [array] that leaf's first slot, as in `slots`. */
  readonly leafSlot: Uint32Array;
  /** [0] nodes in use. */
  readonly #totals: Uint32Array;
  /** [0] how often a node was freed or the columns moved: as long as it stands still, cursors are right. */
  readonly changes: Uint32Array;
  readonly #pool: ColumnPool;

  constructor(columns: ColumnAllocator, { arrayCapacity, nodeCapacity, initialNodes, chunkShift }: ForestSize) {
    this.chunkShift = chunkShift;
    this.slotCount = 1 << chunkShift;
    this.slotMask = this.slotCount - 1;
    this.markWords = Math.ceil(this.slotCount / 32);
    this.heads = columns.u32("xa.heads", arrayCapacity);
    this.flags = columns.u8("xa.flags", arrayCapacity);
    this.#totals = columns.u32("xa.totals", 1);
    this.leafChunk = columns.u32("xa.leafChunk", arrayCapacity, "derived");
    this.leafSlot = columns.u32("xa.leafSlot", arrayCapacity, "derived");
    this.firstFree = columns.u32("xa.firstFree", 1, "derived");
    this.changes = columns.u32("xa.changes", 1, "derived");
    const spec = {
      slots: { kind: "u32", perRow: this.slotCount },
      marks: { kind: "u32", perRow: MARK_COUNT * this.markWords },
      parents: { kind: "u32" },
      offsets: { kind: "u8" },
      shifts: { kind: "u8" },
      counts: { kind: "u8" },
      values: { kind: "u8" },
      used: { kind: "u32" },
      full: { kind: "u32", role: "derived" },
      stamps: { kind: "u32", role: "derived" },
    } as const;
    this.#pool = columns.pool("xa.nodes", spec, { initial: initialNodes, maximum: nodeCapacity }, (arrays) => {
      this.slots = arrays.slots;
      this.marks = arrays.marks;
      this.parents = arrays.parents;
      this.offsets = arrays.offsets;
      this.shifts = arrays.shifts;
      this.counts = arrays.counts;
      this.values = arrays.values;
      this.used = arrays.used;
      this.full = arrays.full;
      this.stamps = arrays.stamps;
      this.changes[0]!++;
    });
    this.leafChunk.fill(NO_CHUNK);
  }

  get nodesInUse(): number {
    return this.#totals[0]!;
  }

  /** Makes sure that `count` nodes can be allocated. May move all columns of nodes. False: there can never be as many. */
  secure(count: number): boolean {
    const rows = this.#totals[0]! + count;
    return count === 0 || rows <= this.#pool.readyRows || this.#pool.ensureRows(rows);
  }

  /** A new node, which `secure` has promised. `parent` is a node, or -1. */
  allocate(shift: number, parent: number, offset: number): number {
    const node = takeLowest(this);
    this.#totals[0]!++;
    this.shifts[node] = shift;
    this.parents[node] = parent + 1;
    this.offsets[node] = offset;
    if (parent >= 0) this.counts[parent]!++;
    return node;
  }

  /** Frees a node whose slots hold nothing any more, and whose marks are cleared. */
  free(array: number, node: number): void {
    giveBack(this, node);
    this.#totals[0]!--;
    this.shifts[node] = 0;
    this.parents[node] = 0;
    this.offsets[node] = 0;
    this.counts[node] = 0;
    this.values[node] = 0;
    this.stamps[node] = ++this.changes[0]!;
    if (this.leafSlot[array] === node << this.chunkShift) this.leafChunk[array] = NO_CHUNK;
  }

  isUsed(node: number): boolean {
    return isUsed(this, node);
  }

  head(array: number): number {
    return this.heads[array]! | 0;
  }
  entry(node: number, offset: number): number {
    return this.slots[(node << this.chunkShift) + offset]! | 0;
  }
  put(node: number, offset: number, entry: number): void {
    this.slots[(node << this.chunkShift) + offset] = entry;
  }
  /** The node above, or `ON_HEAD`. */
  parent(node: number): number {
    return this.parents[node]! - 1;
  }
  /** Puts `node` under `parent`, or makes it a head. */
  adopt(node: number, parent: number): void {
    this.parents[node] = parent + 1;
    this.offsets[node] = 0;
  }
  /** The slot that holds the entry of `offset`: itself, or the first slot of a wide entry. */
  canonical(node: number, offset: number): number {
    const entry = this.entry(node, offset);
    return isSiblingEntry(entry) ? slotOfSibling(entry) : offset;
  }
  /**
   * The slot of `index` in its leaf, as in `slots`; or -1: no leaf is there, or `index` is no index. From the leaf that was
   * met last at once; else from the head, and that leaf is remembered.
   */
  leafSlotOf(array: number, index: number): number {
    const low = index | 0;
    if (low === index && low >>> this.chunkShift === this.leafChunk[array]) return this.leafSlot[array]! + (low & this.slotMask);
    return this.#walkToLeaf(array, index);
  }

  #walkToLeaf(array: number, index: number): number {
    const { slots, shifts, chunkShift, slotMask } = this, head = this.heads[array]! | 0, low = index | 0;
    if (low !== index || low < 0 || !isNodeEntry(head)) return isNodeEntry(head) && index > 0 ? this.#walkFar(array, index, nodeOf(head)) : NONE;
    let node = nodeOf(head), shift = shifts[node]!;
    if (shift > MAX_LOW_SHIFT) return this.#walkFar(array, index, node);
    if (low >>> shift > slotMask) return NONE;
    for (; shift > 0; shift -= chunkShift) {
      const entry = slots[(node << chunkShift) + ((low >>> shift) & slotMask)]! | 0;
      if (!isNodeEntry(entry)) return NONE;
      node = nodeOf(entry);
    }
    const offset = low & slotMask;
    this.leafChunk[array] = low >>> chunkShift;
    return (this.leafSlot[array] = node << chunkShift) + offset;
  }

  /** The same for an index or a tree above 2^31, whose digits need division. */
  #walkFar(array: number, index: number, head: number): number {
    if (index > MAX_INDEX || Math.floor(index) !== index || index > this.reach(this.heads[array]! | 0)) return NONE;
    let node = head;
    for (let shift = this.shifts[head]!; shift > 0; shift -= this.chunkShift) {
      const entry = this.entry(node, digit(index, shift, this.slotMask));
      if (!isNodeEntry(entry)) return NONE;
      node = nodeOf(entry);
    }
    return (node << this.chunkShift) + digit(index, 0, this.slotMask);
  }

  /** The largest index below a head. May be beyond 2^53-1. */
  reach(head: number): number {
    return isNodeEntry(head) ? power(this.shifts[nodeOf(head)]! + this.chunkShift) - 1 : 0;
  }

  /** Puts a wide or narrow entry into slots `first` … `last`; no count is kept here. */
  spread(node: number, first: number, last: number, entry: number, sibling: number): void {
    this.put(node, first, entry);
    for (let offset = first + 1; offset <= last; offset++) this.put(node, offset, sibling);
  }

  /** What a new node above or below holds of values. */
  valueCount(entry: number): number {
    return isValueEntry(entry) ? 1 : 0;
  }
  /** Makes `node`, or nothing, the head of `array`. */
  setHead(array: number, node: number): void {
    this.heads[array] = node === ON_HEAD ? NULL_ENTRY : nodeEntry(node);
  }
}

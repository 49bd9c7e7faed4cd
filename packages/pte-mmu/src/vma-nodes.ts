import type { ColumnAllocator } from "@zeropfn/state";

export interface VmaNodesOptions {
  readonly mmCapacity: number;
  readonly vmaCapacity: number;
  /** Slots of a node: 2^nodeShift, 2 … 7. Fewer if all areas fit one node. */
  readonly nodeShift: number;
}

/** Slots that are looked at one by one: few enough that a wrong guess at a branch costs more. */
const LINEAR = 8;

/**
 * The nodes of the B+trees of a `VmaIndex`: the root of address space `mm` is node `mm`, always, and the others come from a pool.
 * A slot has an item (an area in a leaf, a node above), the first page of what lies under it, and the widest gap before an area
 * that lies under it. What is written to a leaf goes
 * up as far as it changes anything.
 *
 * All nodes but roots are at least half full. Free slots and free nodes are 0, so that equal trees hash alike.
 */
export class VmaNodes {
  readonly shift: number;
  readonly #fanout: number;
  readonly #roots: number;
  readonly counts: Uint8Array; // slots in use
  readonly levels: Uint8Array; // above the leaves
  readonly items: Uint32Array; // of a free node, slot 0: the next free node + 1
  readonly keys: Float64Array;
  readonly gaps: Float64Array;
  readonly homes: Uint32Array; // of an area: its leaf
  readonly widest: Float64Array; // of a node's gaps
  readonly pool: Uint32Array; // [0] first free node + 1, [1] nodes ever used, roots not counted
  readonly #parents: Uint32Array; // of a node that is no root

  constructor(columns: ColumnAllocator, { mmCapacity, vmaCapacity, nodeShift }: VmaNodesOptions) {
    this.shift = vmaCapacity > 2 ** nodeShift ? nodeShift : Math.ceil(Math.log2(Math.max(vmaCapacity, 1)));
    this.#fanout = 2 ** this.shift;
    this.#roots = mmCapacity;
    // With half = fanout / 2 there are at most n / half leaves, n / half^2 nodes above them, …: n / (half - 1) in all.
    const spare = vmaCapacity > this.#fanout ? Math.floor(vmaCapacity / (this.#fanout / 2 - 1)) : 0;
    const nodes = mmCapacity + spare;
    this.counts = columns.u8("vmaNode.count", nodes);
    this.levels = columns.u8("vmaNode.level", nodes);
    this.items = columns.u32("vmaNode.items", nodes * this.#fanout);
    this.keys = columns.f64("vmaNode.keys", nodes * this.#fanout, "derived");
    this.gaps = columns.f64("vmaNode.gaps", nodes * this.#fanout, "derived");
    this.widest = columns.f64("vmaNode.widest", nodes, "derived");
    this.homes = columns.u32("vma.leaf", vmaCapacity, "derived");
    this.#parents = columns.u32("vmaNode.parent", nodes, "derived");
    this.pool = columns.u32("vmaNode.pool", spare > 0 ? 2 : 0);
  }

  /** The place, node × slots + slot, of the last area of `mm` that begins at `page` or before; else of the first. */
  place(mm: number, page: number): number {
    const { items, keys, counts, shift } = this;
    for (let node = mm, level = this.levels[mm]!; ; level--) {
      let at = node << shift;
      let left = counts[node]!;
      for (; left > LINEAR; left -= left >> 1) if (keys[at + (left >> 1)]! <= page) at += left >> 1;
      for (const last = at + left - 1; at < last && keys[at + 1]! <= page; ) at++;
      if (level === 0) return at;
      node = items[at]!;
    }
  }

  /** The place of an item that `node` has. */
  placeIn(node: number, item: number): number {
    let at = node << this.shift;
    while (this.items[at] !== item) at++;
    return at;
  }

  /** The last place of a leaf, at `place` or before it, with a gap of at least `pageCount`; or -1. */
  lastGap(place: number, pageCount: number): number {
    const { gaps, items, counts, shift } = this;
    for (let node = place >> shift, at = place; ; ) {
      const base = node << shift;
      while (at >= base && gaps[at]! < pageCount) at--;
      if (at >= base) {
        if (this.levels[node] === 0) return at;
        node = items[at]!;
        at = (node << shift) + counts[node]! - 1;
      } else {
        if (node < this.#roots) return -1;
        const parent = this.#parents[node]!;
        at = this.placeIn(parent, node) - 1;
        node = parent;
      }
    }
  }

  /** Puts an item before place `at` of `node`, or at its end. @returns Where it is. */
  insert(node: number, at: number, item: number, key: number, gap: number): number {
    let target = node, place = at;
    if (this.counts[node] === this.#fanout) {
      const slot = at - (node << this.shift), half = this.#fanout / 2, left = this.#split(node);
      // The lower half stays, or has moved out of a root; its neighbour above has the rest.
      target = slot <= half ? left : this.items[this.placeIn(this.#parents[left]!, left) + 1]!;
      place = (target << this.shift) + (slot <= half ? slot : slot - half);
    }
    const end = (target << this.shift) + this.counts[target]!;
    this.#move(place, place + 1, end - place);
    this.#write(place, item, key, gap);
    this.counts[target]!++;
    (this.levels[target] === 0 ? this.homes : this.#parents)[item] = target;
    this.setKey(target, place, key);
    if (gap > this.widest[target]!) this.#setWidest(target, gap);
    return place;
  }

  /** Takes the item at place `at` out of `node`. */
  remove(node: number, at: number): void {
    const base = node << this.shift, end = base + this.counts[node]!, gap = this.gaps[at]!;
    this.#move(at + 1, at, end - at - 1);
    this.#write(end - 1, 0, 0, 0);
    this.counts[node]!--;
    if (gap === this.widest[node]) this.#setWidest(node, this.#widestOf(node));
    if (node >= this.#roots) {
      if (at === base) this.setKey(node, base, this.keys[base]!);
      if (this.counts[node]! < this.#fanout / 2) this.#refill(node);
    } else if (this.counts[node] === 1 && this.levels[node] !== 0) this.#pullUp(node);
  }

  /** Writes the first page of a slot, and what follows above. */
  setKey(node: number, at: number, key: number): void {
    this.keys[at] = key;
    if (at !== node << this.shift || node < this.#roots) return;
    const parent = this.#parents[node]!;
    this.setKey(parent, this.placeIn(parent, node), key);
  }

  /** Writes the gap of a slot, and what follows above. */
  setGap(node: number, at: number, gap: number): void {
    const was = this.gaps[at]!, widest = this.widest[node]!;
    this.gaps[at] = gap;
    if (gap > widest) this.#setWidest(node, gap);
    else if (was === widest && gap < was) this.#setWidest(node, this.#widestOf(node));
  }

  #setWidest(node: number, gap: number): void {
    if (this.widest[node] === gap) return;
    this.widest[node] = gap;
    if (node < this.#roots) return;
    const parent = this.#parents[node]!;
    this.setGap(parent, this.placeIn(parent, node), gap);
  }

  #widestOf(node: number): number {
    const { gaps } = this, base = node << this.shift, end = base + this.counts[node]!;
    let widest = 0;
    for (let at = base; at < end; at++) if (gaps[at]! > widest) widest = gaps[at]!;
    return widest;
  }

  /** Makes two nodes of a full one. @returns The lower one. */
  #split(node: number): number {
    const { shift } = this, half = this.#fanout / 2, lower = node < this.#roots ? this.#pushDown(node) : node;
    if (this.counts[this.#parents[lower]!] === this.#fanout) this.#split(this.#parents[lower]!);
    const parent = this.#parents[lower]!, upper = this.#take(this.levels[lower]!);
    this.#carry(lower, (lower << shift) + half, upper, upper << shift, half);
    this.widest[upper] = this.#widestOf(upper);
    this.insert(parent, this.placeIn(parent, lower) + 1, upper, this.keys[upper << shift]!, this.widest[upper]!);
    this.#setWidest(lower, this.#widestOf(lower));
    return lower;
  }

  /** Moves all that a root has into a new node, its only child. */
  #pushDown(root: number): number {
    const child = this.#take(this.levels[root]!), base = root << this.shift;
    this.#carry(root, base, child, child << this.shift, this.counts[root]!);
    this.widest[child] = this.widest[root]!;
    this.#write(base, child, this.keys[child << this.shift]!, this.widest[child]!);
    this.counts[root] = 1;
    this.levels[root]!++;
    this.#parents[child] = root;
    return child;
  }

  /** Joins a node that is less than half full with a neighbour, or gives it one of the neighbour's items. */
  #refill(node: number): void {
    const { shift, counts, items } = this, parent = this.#parents[node]!, at = this.placeIn(parent, node), isFirst = at === parent << shift;
    const lower = isFirst ? node : items[at - 1]!, upper = isFirst ? items[at + 1]! : node;
    const lowerEnd = (lower << shift) + counts[lower]!, upperStart = upper << shift;
    if (counts[lower]! + counts[upper]! <= this.#fanout) {
      this.#carry(upper, upperStart, lower, lowerEnd, counts[upper]!);
      this.#refresh(lower);
      this.#give(upper);
      this.remove(parent, isFirst ? at + 1 : at);
      return;
    }
    if (isFirst) {
      this.#carry(upper, upperStart, lower, lowerEnd, 1);
      this.#move(upperStart + 1, upperStart, counts[upper]!);
      this.#write(upperStart + counts[upper]!, 0, 0, 0);
    } else {
      this.#move(upperStart, upperStart + 1, counts[upper]!);
      this.#carry(lower, lowerEnd - 1, upper, upperStart, 1);
    }
    this.#refresh(lower);
    this.#refresh(upper);
  }

  /** Brings what is above a node up to date with its slots. */
  #refresh(node: number): void {
    this.setKey(node, node << this.shift, this.keys[node << this.shift]!);
    this.#setWidest(node, this.#widestOf(node));
  }

  /** Moves all that a root's only child has into the root. */
  #pullUp(root: number): void {
    const child = this.items[root << this.shift]!;
    this.counts[root] = 0;
    this.levels[root]!--;
    this.#carry(child, child << this.shift, root, root << this.shift, this.counts[child]!);
    this.#give(child);
  }

  /** Moves `count` slots from one node to another; zeroes where they were. */
  #carry(from: number, fromAt: number, to: number, toAt: number, count: number): void {
    this.#move(fromAt, toAt, count);
    for (let at = fromAt; at < fromAt + count; at++) this.#write(at, 0, 0, 0);
    this.counts[from]! -= count;
    this.counts[to]! += count;
    this.#adopt(to, toAt, toAt + count);
  }

  #adopt(node: number, start: number, end: number): void {
    const owners = this.levels[node] === 0 ? this.homes : this.#parents;
    for (let at = start; at < end; at++) owners[this.items[at]!] = node;
  }

  #move(from: number, to: number, count: number): void {
    const { items, keys, gaps } = this;
    if (from < to) {
      for (let nth = count - 1; nth >= 0; nth--) {
        items[to + nth] = items[from + nth]!;
        keys[to + nth] = keys[from + nth]!;
        gaps[to + nth] = gaps[from + nth]!;
      }
    } else {
      for (let nth = 0; nth < count; nth++) {
        items[to + nth] = items[from + nth]!;
        keys[to + nth] = keys[from + nth]!;
        gaps[to + nth] = gaps[from + nth]!;
      }
    }
  }

  #write(at: number, item: number, key: number, gap: number): void {
    this.items[at] = item;
    this.keys[at] = key;
    this.gaps[at] = gap;
  }

  /** A node whose slots the caller writes. There is always one: see the constructor. */
  #take(level: number): number {
    const free = this.pool[0]!, node = free !== 0 ? free - 1 : this.#roots + this.pool[1]!++;
    if (free !== 0) this.pool[0] = this.items[node << this.shift]!;
    this.levels[node] = level;
    return node;
  }

  #give(node: number): void {
    this.counts[node] = this.levels[node] = this.#parents[node] = this.widest[node] = 0;
    this.items[node << this.shift] = this.pool[0]!;
    this.pool[0] = node + 1;
  }
}

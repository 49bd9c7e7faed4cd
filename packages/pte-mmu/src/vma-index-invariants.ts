import { NO_VMA } from "./vma-index.ts";
import type { VmaNodes } from "./vma-nodes.ts";

/** What an index says about the order of areas. */
interface Order {
  first(mm: number): number;
  last(mm: number): number;
  next(vma: number): number;
  previous(vma: number): number;
}

function ensure(holds: boolean, message: string): void {
  if (!holds) throw new Error(`VMA index: ${message}`);
}

/**
 * Links and leaves name the same areas in the same order. Areas do not overlap; each slot has the first page and the widest gap
 * of what is under it, nodes that are no root are half full, and every node is in a tree or free.
 */
export function checkVmaIndex(order: Order, nodes: VmaNodes, firstPage: Float64Array, endPage: Float64Array, counts: Uint32Array): void {
  let used = 0;
  for (let mm = 0; mm < counts.length; mm++) {
    const found: Found = { areas: [], nodes: 0 };
    walk(nodes, mm, counts.length, found);
    used += found.nodes - 1;
    ensure(found.areas.length === counts[mm], `mm ${mm} counts ${counts[mm]} areas, its leaves have ${found.areas.length}`);
    ensure(order.first(mm) === (found.areas[0] ?? NO_VMA) && order.last(mm) === (found.areas.at(-1) ?? NO_VMA), `first or last area of mm ${mm}`);
    checkAreas(order, nodes, firstPage, endPage, found.areas);
  }
  checkPool(nodes, used, counts.length);
}

function checkAreas(order: Order, nodes: VmaNodes, firstPage: Float64Array, endPage: Float64Array, areas: readonly number[]): void {
  for (const [nth, vma] of areas.entries()) {
    const below = areas[nth - 1] ?? NO_VMA, gapStart = nth === 0 ? 0 : endPage[below]!, gap = firstPage[vma]! - gapStart;
    ensure(order.previous(vma) === below && order.next(vma) === (areas[nth + 1] ?? NO_VMA), `area ${vma} is not linked to its neighbours`);
    ensure(firstPage[vma]! < endPage[vma]!, `area ${vma} is empty`);
    ensure(gap >= 0, `area ${vma} overlaps area ${below}`);
    const place = nodes.placeIn(nodes.homes[vma]!, vma);
    ensure(nodes.keys[place] === firstPage[vma], `area ${vma} begins at ${firstPage[vma]}, its slot says ${nodes.keys[place]}`);
    ensure(nodes.gaps[place] === gap, `the gap before area ${vma} is ${gap}, its slot says ${nodes.gaps[place]}`);
  }
}

/** What a walk of a tree has met: areas in order, and how many nodes. */
interface Found {
  readonly areas: number[];
  nodes: number;
}

/** Goes through the tree under `node`. */
function walk(nodes: VmaNodes, node: number, roots: number, found: Found): void {
  const { counts, levels, items, keys, gaps, homes, widest, shift } = nodes, base = node << shift, end = base + counts[node]!;
  found.nodes++;
  if (node >= roots) ensure(counts[node]! >= 2 ** shift / 2, `node ${node} has ${counts[node]} of ${2 ** shift} slots in use`);
  else if (levels[node] !== 0) ensure(counts[node]! > 1, `root ${node} is above one node`);
  for (let at = end; at < base + 2 ** shift; at++) ensure(isZero(nodes, at), `free slot ${at - base} of node ${node} is not 0`);
  const gap = Math.max(0, ...gaps.subarray(base, end));
  ensure(widest[node] === gap, `the widest gap in node ${node} is ${gap}, it says ${widest[node]}`);
  for (let at = base; at < end; at++) {
    const item = items[at]!;
    if (levels[node] === 0) {
      ensure(homes[item] === node, `area ${item} is in leaf ${node}, not in ${homes[item]}`);
      found.areas.push(item);
      continue;
    }
    ensure(levels[item] === levels[node]! - 1, `node ${item} is at level ${levels[item]}, under level ${levels[node]}`);
    ensure(keys[at] === keys[item << shift], `node ${item} begins at ${keys[item << shift]}, its slot says ${keys[at]}`);
    ensure(gaps[at] === widest[item], `the widest gap in node ${item} is ${widest[item]}, the slot above says ${gaps[at]}`);
    walk(nodes, item, roots, found);
  }
}

/** Every node that was ever used is in a tree or in the list of free ones; these are 0 but for the list. */
function checkPool(nodes: VmaNodes, used: number, roots: number): void {
  const { pool, counts, levels, items, keys, gaps, widest, shift } = nodes, everUsed = pool.length === 0 ? 0 : pool[1]!;
  ensure(roots + everUsed <= counts.length, `${everUsed} nodes were used, there are ${counts.length - roots}`);
  let free = 0;
  for (let link = pool[0] ?? 0; link !== 0; link = items[(link - 1) << shift]!, free++) {
    const node = link - 1, base = node << shift;
    ensure(counts[node] === 0 && levels[node] === 0 && widest[node] === 0 && keys[base] === 0 && gaps[base] === 0, `free node ${node} is not 0`);
    for (let at = base + 1; at < base + 2 ** shift; at++) ensure(isZero(nodes, at), `slot ${at - base} of free node ${node} is not 0`);
    ensure(free < everUsed, "the list of free nodes goes round");
  }
  ensure(used + free === everUsed, `${used} nodes in trees and ${free} free, ${everUsed} were ever used`);
}

const isZero = ({ items, keys, gaps }: VmaNodes, at: number): boolean => items[at] === 0 && keys[at] === 0 && gaps[at] === 0;

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
 * of what is under it, and nodes that are no root are half full.
 */
export function checkVmaIndex(order: Order, nodes: VmaNodes, firstPage: Float64Array, endPage: Float64Array, counts: Uint32Array): void {
  for (let mm = 0; mm < counts.length; mm++) {
    const areas = areasUnder(nodes, mm, counts.length);
    ensure(areas.length === counts[mm], `mm ${mm} counts ${counts[mm]} areas, its leaves have ${areas.length}`);
    ensure(order.first(mm) === (areas[0] ?? NO_VMA) && order.last(mm) === (areas.at(-1) ?? NO_VMA), `first or last area of mm ${mm}`);
    for (const [nth, vma] of areas.entries()) {
      const below = areas[nth - 1] ?? NO_VMA, gapStart = nth === 0 ? 0 : endPage[below]!;
      ensure(order.previous(vma) === below && order.next(vma) === (areas[nth + 1] ?? NO_VMA), `area ${vma} is not linked to its neighbours`);
      ensure(firstPage[vma]! < endPage[vma]!, `area ${vma} is empty`);
      ensure(firstPage[vma]! >= gapStart, `area ${vma} of mm ${mm} overlaps area ${below}`);
      const place = nodes.placeIn(nodes.homes[vma]!, vma);
      ensure(nodes.keys[place] === firstPage[vma], `area ${vma} begins at ${firstPage[vma]}, its slot says ${nodes.keys[place]}`);
      ensure(nodes.gaps[place] === firstPage[vma]! - gapStart, `the gap before area ${vma} is ${firstPage[vma]! - gapStart}, its slot says ${nodes.gaps[place]}`);
    }
  }
}

/** The areas in the leaves of the tree under `node`, in order. Checks the nodes. */
function areasUnder(nodes: VmaNodes, node: number, roots: number): number[] {
  const { counts, levels, items, keys, gaps, homes, shift } = nodes, base = node << shift, end = base + counts[node]!, level = levels[node]!;
  if (node >= roots) ensure(counts[node]! >= 2 ** shift / 2, `node ${node} has ${counts[node]} of ${2 ** shift} slots in use`);
  else if (level > 0) ensure(counts[node]! > 1, `root ${node} is above one node`);
  for (let at = end; at < base + 2 ** shift; at++) ensure(items[at] === 0 && keys[at] === 0 && gaps[at] === 0, `free slot ${at - base} of node ${node} is not 0`);
  const widest = Math.max(0, ...gaps.subarray(base, end));
  ensure(nodes.widest[node] === widest, `the widest gap in node ${node} is ${widest}, it says ${nodes.widest[node]}`);
  const areas: number[] = [];
  for (let at = base; at < end; at++) {
    const item = items[at]!;
    if (level === 0) {
      ensure(homes[item] === node, `area ${item} is in leaf ${node}, not in ${homes[item]}`);
      areas.push(item);
      continue;
    }
    const first = item << shift;
    ensure(levels[item] === level - 1, `node ${item} is at level ${levels[item]}, under level ${level}`);
    ensure(keys[at] === keys[first], `node ${item} begins at ${keys[first]}, its slot says ${keys[at]}`);
    ensure(gaps[at] === nodes.widest[item], `the widest gap in node ${item} is ${nodes.widest[item]}, the slot above says ${gaps[at]}`);
    for (const area of areasUnder(nodes, item, roots)) areas.push(area);
  }
  return areas;
}

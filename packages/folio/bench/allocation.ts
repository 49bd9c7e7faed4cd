import { Folios, NO_FRAME } from "@zeropfn/folio";
import { reservedColumns } from "@zeropfn/state";
import { type AnyBenchmark, type Candidate, defineBenchmark, mix } from "../../../tools/bench/benchmark.ts";
import { Random } from "../../../tools/bench/random.ts";
import { hasCompiler, TWIN, twin } from "./twin.ts";

interface Size {
  readonly frames: number;
  /** Folios held at once, at most. Every operation frees one or takes one. */
  readonly slots: number;
  readonly operations: number;
}

/** Orders by the upper 4 bits of a random number. */
const MIX = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 4, 9];

/** Allocates and frees as the random numbers say; the sum of the frames says that all did the same. */
const churn = (isMixed: boolean, allocate: (order: number) => number, put: (pfn: number) => void, { slots, operations }: Size): (() => number) => {
  const held = new Uint32Array(slots);
  return () => {
    const random = new Random(1);
    let sum = 0;
    for (let nth = 0; nth < operations; nth++) {
      const number = random.next();
      const slot = number % slots;
      if (held[slot] !== 0) {
        put(held[slot]!);
        held[slot] = 0;
        continue;
      }
      const pfn = allocate(isMixed ? MIX[number >>> 28]! : 0);
      if (pfn === NO_FRAME) throw new Error("out of memory");
      held[slot] = pfn;
      sum = (sum + pfn) % 2 ** 32;
    }
    for (let slot = 0; slot < slots; slot++) {
      if (held[slot] !== 0) put(held[slot]!);
      held[slot] = 0;
    }
    return mix(0, sum);
  };
};

const buddy = (isMixed: boolean): Candidate<Size> => (size) => {
  const folios = new Folios(reservedColumns(), { frameCount: size.frames, hasBytes: false });
  return { operations: size.operations, round: churn(isMixed, (order) => folios.allocate(order), (pfn) => folios.put(pfn), size) };
};
/** No orders, no counts, no checks: the least that an allocator of single frames can do. */
const freeList: Candidate<Size> = (size) => {
  const free = Array.from({ length: size.frames - 1 }, (_, nth) => size.frames - 1 - nth);
  return { operations: size.operations, round: churn(false, () => free.pop() ?? NO_FRAME, (pfn) => free.push(pfn), size) };
};
const inC = (isMixed: boolean): Candidate<Size> => ({ frames, slots, operations }) => {
  const perform = twin("allocate", frames, slots, operations, isMixed ? 1 : 0);
  return { operations, round: () => mix(0, perform()) };
};

/** What allocating or freeing a folio costs, of one frame or of mixed orders. */
export const allocationBenchmark = (isMixed: boolean): AnyBenchmark =>
  defineBenchmark<Size>({
    question: `What does it cost to allocate or to free a folio of ${isMixed ? "orders 0 to 9, half of them 0" : "one frame"}?`,
    tiny: { frames: 2048, slots: 8, operations: 40 },
    real: { frames: 2 ** 20, slots: 4096, operations: 2_000_000 },
    mustAgree: isMixed,
    candidates: { buddy: buddy(isMixed), ...(isMixed ? {} : { "free-list array": freeList }), ...(hasCompiler ? { [TWIN]: inC(isMixed) } : {}) },
  });

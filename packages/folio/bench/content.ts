import { type ContentOperationsFactory, Folios, simdOperations, typedArrayOperations } from "@zeropfn/folio";
import { reservedColumns } from "@zeropfn/state";
import { type AnyBenchmark, type Candidate, defineBenchmark, mix } from "../../../tools/bench/benchmark.ts";
import { hasCompiler, TWIN, twin } from "./twin.ts";

export interface ContentSize {
  /** Pages of 4 KiB gone through in turns: an even number. */
  readonly pages: number;
  /** Pages handled in a round. */
  readonly operations: number;
}
export type Operation = "isZero" | "equal" | "zero" | "copy" | "hash";

/** The pages in the caches, and a gibibyte. */
const REAL = { hot: { pages: 32, operations: 200_000 }, memory: { pages: 2 ** 18, operations: 2 ** 18 } } as const;

/** What every page holds: zeros, or bytes without a pattern where they are to be hashed. */
export const pageFor = (operation: Operation): Uint8Array => Uint8Array.from({ length: 4096 }, (_, at) => (operation === "hash" ? Math.imul(at, 0x9e3779b1) >>> 24 : 0));

/** A machine with so many such pages after the zero page. */
function filled(pages: number, operation: Operation, content: ContentOperationsFactory): Folios {
  const folios = new Folios(reservedColumns(), { frameCount: pages + 1, content });
  const page = pageFor(operation);
  for (let pfn = 1; pfn <= pages; pfn++) folios.writeBytes(pfn, 0, page, 0, 4096);
  return folios;
}

const ours = (operation: Operation, content: ContentOperationsFactory): Candidate<ContentSize> => ({ pages, operations }) => {
  const folios = filled(pages, operation, content);
  const half = pages / 2;
  const rounds: Record<Operation, () => number> = {
    isZero() {
      let sum = 0;
      for (let nth = 0; nth < operations; nth++) sum += folios.isZero(1 + (nth % pages)) ? 1 : 0;
      return sum;
    },
    equal() {
      let sum = 0;
      for (let nth = 0; nth < operations; nth++) sum += folios.equal(1 + (nth % half), 1 + half + (nth % half)) ? 1 : 0;
      return sum;
    },
    zero() {
      for (let nth = 0; nth < operations; nth++) folios.zero(1 + (nth % pages));
      return operations;
    },
    copy() {
      for (let nth = 0; nth < operations; nth++) folios.copy(1 + (nth % half), 1 + half + (nth % half));
      return operations;
    },
    hash() {
      let sum = 0;
      for (let nth = 0; nth < operations; nth++) sum = (sum + folios.hash(1 + (nth % pages))) % 2 ** 32;
      return sum;
    },
  };
  return { operations, round: () => mix(0, rounds[operation]()) };
};

/** What one page operation costs beside C, and beside `others`. */
export function contentBenchmark(operation: Operation, where: keyof typeof REAL, others: Readonly<Record<string, Candidate<ContentSize>>> = {}): AnyBenchmark {
  const twins: Record<string, Candidate<ContentSize>> = hasCompiler
    ? { [operation === "hash" ? `XXH64 in ${TWIN}` : TWIN]: ({ pages, operations }) => {
        const perform = twin("content", operation, pages, operations);
        return { operations, round: () => mix(0, perform()) };
      } }
    : {};
  const [twinName] = Object.keys(twins);
  return defineBenchmark<ContentSize>({
    question: `What does ${operation} of a page of 4 KiB cost, ${where === "hot" ? "in the caches" : "over 1 GiB"}, beside a loop in C?`,
    tiny: { pages: 4, operations: 8 },
    real: REAL[where],
    rounds: 7,
    mustAgree: operation !== "hash",
    candidates: { SIMD: ours(operation, (chunks) => simdOperations(chunks)!), "typed arrays": ours(operation, typedArrayOperations), ...others, ...twins },
    goals: twinName === undefined ? [] : [{ claim: "SIMD takes at most 1.6 times the time of C", value: (ns) => ns.SIMD! / ns[twinName]!, atMost: 1.6 }],
  });
}

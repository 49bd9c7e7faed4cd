import type { DaxEntryLock, DaxHolePolicy, DaxMapper, DaxTrees } from "@zeropfn/dax-pmem";
import type { Folios } from "@zeropfn/folio";
import type { Background, ColumnAllocator } from "@zeropfn/state";

/** What a factory of a stack may use. A policy that has state of its own takes columns from here. */
export interface StackParts {
  readonly columns: ColumnAllocator;
  readonly background: Background;
  readonly folios: Folios;
  readonly trees: DaxTrees;
  readonly mapper: DaxMapper;
}

/**
 * A design: a frozen record of factories, one for each seam that has rivals. Make your own by spreading one:
 * `const mine = { ...daxZeroPage, name: "mine", holes: (parts) => new MyHoles(parts) } satisfies Stack;`
 */
export interface Stack {
  /** What reports call it: lower case, words joined by hyphens. */
  readonly name: string;
  /** One line: which kernel or proposal it stands for. */
  readonly summary: string;
  /** How faults on one page of a DAX file exclude each other. */
  readonly entryLock: (parts: StackParts) => DaxEntryLock;
  /** What a load sees where a DAX file has a hole. */
  readonly holes: (parts: StackParts & { readonly entries: DaxEntryLock }) => DaxHolePolicy;
}

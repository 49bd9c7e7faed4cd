import type { Call } from "./control.ts";
import { type Lanes, mixText, mixValue } from "./hash.ts";

/** The memory model under which a scenario is explored. TSO is x86: each thread's plain stores drain later, in order. */
export type MemoryModel = "SC" | "TSO";

/** The plain stores of one thread that have not reached memory yet, oldest first. Never changed: a new one is made. */
export class StoreBuffer implements Lanes {
  readonly stores: readonly Call[];
  readonly hashA: number;
  readonly hashB: number;

  constructor(stores: readonly Call[]) {
    this.stores = stores;
    let lanes: Lanes = { hashA: 0, hashB: 0 };
    for (const { operation, args } of stores) lanes = args.reduce<Lanes>((sum, arg) => mixValue(sum, arg as number), mixText(lanes, operation.name));
    this.hashA = lanes.hashA;
    this.hashB = lanes.hashB;
  }

  with(store: Call): StoreBuffer {
    return new StoreBuffer([...this.stores, store]);
  }
  withoutOldest(): StoreBuffer {
    return this.stores.length === 1 ? EMPTY_BUFFER : new StoreBuffer(this.stores.slice(1));
  }
}

export const EMPTY_BUFFER: StoreBuffer = new StoreBuffer([]);

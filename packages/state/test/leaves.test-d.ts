/** Checked by the compiler alone: each line under an expectation must not compile, and the others must. */
import { leaves } from "../src/index.ts";

class Tables {
  readonly name = "tables";
  load(slot: number): number {
    return slot;
  }
  lock(slot: number): void {
    void slot;
  }
  isLocked(slot: number): boolean {
    return slot > 0;
  }
  pair(): { low: number; high: number } {
    return { low: 0, high: 0 };
  }
  words(): Uint32Array {
    return new Uint32Array(1);
  }
  async flush(): Promise<void> {}
}

class NoLeaves {
  pair(): { low: number; high: number } {
    return { low: 0, high: 0 };
  }
}

// @ts-expect-error nor may one be named where no method of the class could be a leaf
leaves(NoLeaves, "pte-mmu/none", { pair: {} });

leaves(Tables, "pte-mmu/pte", { load: {}, lock: { when: (tables, slot) => !tables.isLocked(slot) }, isLocked: { silent: true } });

// @ts-expect-error a misspelt method
leaves(Tables, "pte-mmu/pte", { laod: {} });
// @ts-expect-error a leaf returns a number, a boolean or nothing: no object
leaves(Tables, "pte-mmu/pte", { pair: {} });
// @ts-expect-error no array
leaves(Tables, "pte-mmu/pte", { words: {} });
// @ts-expect-error no promise
leaves(Tables, "pte-mmu/pte", { flush: {} });
// @ts-expect-error a field is no method
leaves(Tables, "pte-mmu/pte", { name: {} });
// @ts-expect-error `when` takes the arguments of its leaf
leaves(Tables, "pte-mmu/pte", { lock: { when: (_, slot: string) => slot === "" } });
// @ts-expect-error `when` takes no more arguments than its leaf
leaves(Tables, "pte-mmu/pte", { lock: { when: (_, slot, more) => slot === more } });
// @ts-expect-error `when` answers yes or no
leaves(Tables, "pte-mmu/pte", { lock: { when: (_, slot) => slot } });
// @ts-expect-error an option that there is not
leaves(Tables, "pte-mmu/pte", { lock: { until: () => true } });
// @ts-expect-error the package stands before the prefix
leaves(Tables, "pte", { load: {} });

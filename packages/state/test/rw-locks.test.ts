import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { reservedColumns, RwLocks } from "../src/index.ts";

const make = (background?: { run(): boolean }): RwLocks => new RwLocks(reservedColumns(), "inode.i_rwsem", 2, background);

describe("a lock for readers or one writer", () => {
  test("lets readers share it, and keeps a writer out until the last has gone", () => {
    const locks = make();
    locks.lockShared(0);
    locks.lockShared(0);
    expect([locks.tryLock(0), locks.tryLockShared(0), locks.tryLock(1)]).toEqual([false, true, true]);
    for (let readers = 3; readers > 0; readers--) {
      expect(locks.canLock(0)).toBe(false);
      locks.unlockShared(0);
    }
    expect(locks.tryLock(0)).toBe(true);
  });

  test("keeps everybody out while a writer holds it, and lets readers in when the writer becomes one of them", () => {
    const locks = make();
    locks.lock(0);
    expect([locks.canLock(0), locks.canShare(0), locks.tryLock(0), locks.tryLockShared(0)]).toEqual([false, false, false, false]);
    locks.downgrade(0);
    expect([locks.canLock(0), locks.canShare(0), locks.tryLockShared(0)]).toEqual([false, true, true]);
    locks.unlockShared(0);
    locks.unlockShared(0);
    expect(locks.canLock(0)).toBe(true);
  });

  test("makes the only reader the writer, and nobody who shares it; who does not hold it is refused", () => {
    const locks = make();
    expect(() => locks.tryUpgrade(0)).toThrow("no reader");
    locks.lockShared(0);
    locks.lockShared(0);
    expect([locks.tryUpgrade(0), locks.canShare(0)]).toEqual([false, true]);
    locks.unlockShared(0);
    expect([locks.tryUpgrade(0), locks.canShare(0), locks.canLock(0)]).toEqual([true, false, false]);
    expect(() => locks.tryUpgrade(0)).toThrow("no reader");
    locks.downgrade(0);
    locks.unlockShared(0);
    expect(locks.canLock(0)).toBe(true);
  });

  test.each(["unlock", "unlockShared", "downgrade"] as const)("%s of a lock that is not held so is refused by name, and changes nothing", (operation) => {
    const locks = make();
    expect(() => locks[operation](0)).toThrow(/STATE_BAD_ARGUMENT.*inode\.i_rwsem\.\w+\(0\)/);
    locks.lockShared(0);
    if (operation !== "unlockShared") expect(() => locks[operation](0)).toThrow("no writer");
    locks.unlockShared(0);
    locks.lock(1);
    if (operation === "unlockShared") expect(() => locks[operation](1)).toThrow("no reader");
    expect([locks.canLock(0), locks.canShare(1)]).toEqual([true, false]);
  });

  test("is waited for while background work goes on, and a wait without end is a deadlock that names the lock", () => {
    let held: RwLocks | undefined;
    held = make({ run: () => (held!.canShare(0) ? false : (held!.unlock(0), true)) });
    held.lock(0);
    held.lockShared(0);
    expect(held.canShare(0)).toBe(true);
    expect(() => held.lock(0)).toThrow(/STATE_DEADLOCK.*inode\.i_rwsem\.lock\(0\)/);
  });
});

test("whatever is tried, holders are one writer or any number of readers", () => {
  const step = fc.tuple(fc.constantFrom("tryLock", "unlock", "tryLockShared", "unlockShared", "downgrade"), fc.nat(1));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const locks = make(), holders = [{ writers: 0, readers: 0 }, { writers: 0, readers: 0 }];
      for (const [operation, row] of steps) {
        const { writers, readers } = holders[row]!;
        if (operation === "tryLock") {
          const isFree = writers + readers === 0;
          expect(locks.tryLock(row)).toBe(isFree);
          holders[row] = { writers: isFree ? 1 : writers, readers };
        } else if (operation === "tryLockShared") {
          expect(locks.tryLockShared(row)).toBe(writers === 0);
          holders[row] = { writers, readers: writers === 0 ? readers + 1 : readers };
        } else if ((operation === "unlockShared" ? readers : writers) === 0) expect(() => locks[operation](row)).toThrow("STATE_BAD_ARGUMENT");
        else {
          locks[operation](row);
          holders[row] = operation === "unlockShared" ? { writers, readers: readers - 1 } : { writers: 0, readers: operation === "downgrade" ? 1 : 0 };
        }
      }
    }),
  );
});

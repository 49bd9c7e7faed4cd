import { type ColumnAllocator, leaves } from "@zeropfn/state";

/** No address space is free. */
export const NO_MM = 0xffff_ffff;

/** Which address spaces are in use, by how many, and where their heaps are. @kernel mm_struct::mm_users, start_brk, brk — include/linux/mm_types.h, v6.18 */
export class Mms {
  static {
    if (__EXPLORE__) leaves(Mms, "pte-mmu/mms", { allocate: {}, birthOf: { silent: true }, tryGet: {}, put: {}, free: {}, heapStart: { silent: true }, heapEnd: { silent: true }, setHeap: { silent: true } });
  }
  readonly #used: Uint8Array;
  readonly #users: Uint32Array;
  readonly #births: Uint32Array; // how often the number was given away
  readonly #heaps: Float64Array; // start and end of each, in bytes

  constructor(columns: ColumnAllocator, mmCapacity: number) {
    this.#used = columns.u8("mm.used", mmCapacity);
    this.#users = columns.u32("mm.mm_users", mmCapacity);
    this.#births = columns.u32("mm.birth", mmCapacity);
    this.#heaps = columns.f64("mm.brk", mmCapacity * 2);
  }

  /** The lowest free number, with one user, or `NO_MM`. @kernel mm_alloc() — kernel/fork.c, v6.18 */
  allocate(): number {
    const mm = this.#used.indexOf(0);
    if (mm < 0) return NO_MM;
    this.#used[mm] = 1;
    this.#users[mm] = 1;
    this.#births[mm]!++;
    return mm;
  }
  /** Tells the address space that has this number now from those that had it before. */
  birthOf(mm: number): number {
    return this.#births[mm]!;
  }
  /** One more user of an address space that its last user has not left. False: he has, and its number may be another's. @kernel get_task_mm(), mmget_not_zero() — kernel/fork.c, include/linux/sched/mm.h, v6.18 */
  tryGet(mm: number, birth: number): boolean {
    if (this.#users[mm] === 0 || this.#births[mm] !== birth) return false;
    this.#users[mm]!++;
    return true;
  }
  /** One user less. True: it was the last, who is to take the address space down. @kernel mmput() — kernel/fork.c, v6.18 */
  put(mm: number): boolean {
    this.#users[mm]!--;
    return this.#users[mm] === 0;
  }
  /** @kernel mmdrop() — kernel/fork.c, v6.18 */
  free(mm: number): void {
    this.#used[mm] = 0;
    this.#users[mm] = 0;
    this.#heaps.fill(0, mm * 2, mm * 2 + 2);
  }
  /** Where the heap begins, in bytes. */
  heapStart(mm: number): number {
    return this.#heaps[mm * 2]!;
  }
  /** Where the heap ends, in bytes. */
  heapEnd(mm: number): number {
    return this.#heaps[mm * 2 + 1]!;
  }
  setHeap(mm: number, start: number, end: number): void {
    this.#heaps[mm * 2] = start;
    this.#heaps[mm * 2 + 1] = end;
  }
}

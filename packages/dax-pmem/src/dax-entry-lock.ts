/**
 * How faults on one page of a file keep out of each other's way, and what they find there.
 *
 * `grab` is followed by any number of `replace` and one `release` of the same page, by the same thread.
 * Implementations keep their state in the tree.
 */
export interface DaxEntryLock {
  readonly name: string;
  /** The entry, made EMPTY if missing, and held; `DAX_NO_MEMORY` if it could not be made. Sleeps while another holds it. */
  grab(file: number, index: number): number;
  /** Replaces the entry while holding it. There is always room: `grab` made it. */
  replace(file: number, index: number, entry: number): void;
  release(file: number, index: number): void;
  /** Removes an entry that nobody holds, and gives it, or `NO_ENTRY`. Sleeps while another holds it. */
  invalidate(file: number, index: number): number;
}

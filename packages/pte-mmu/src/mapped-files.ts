/**
 * Who keeps files that are mapped: told of each area that maps one. Its state lives in columns.
 * @kernel get_file(), fput() — include/linux/fs.h, v6.18
 */
export interface MappedFiles {
  /** One more area maps the file. */
  mapped(mapping: number): void;
  /** One less. The file may go, if nobody else has it: no page of it is mapped through that area any more. */
  unmapped(mapping: number): void;
  /**
   * Makes a file of zeros that only areas know of, for shared anonymous memory.
   * @returns Its number, or an errno negated.
   * @kernel shmem_zero_setup() — mm/shmem.c, v6.18
   */
  createShared(pageCount: number): number;
}

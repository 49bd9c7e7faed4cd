/** Who maps pages of files into address spaces. Declared here, satisfied by page tables. */
export interface PageMapper {
  /**
   * Unmaps pages of a file from every address space. When it returns no processor reaches the frames that were mapped.
   * Called with the file's i_rwsem or the folio's lock held, or both; asks nothing of the file.
   *
   * @param mapping    The file.
   * @param firstIndex Page of the file.
   * @param pageCount  Pages, ≥ 1; Infinity: all that follow.
   * @param evenCows   True: private copies of the pages go too.
   * @kernel unmap_mapping_pages() — mm/memory.c, v6.18
   */
  unmapMappingRange(mapping: number, firstIndex: number, pageCount: number, evenCows: boolean): void;
}

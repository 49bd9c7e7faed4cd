import type { Access } from "@zeropfn/units";

/** One fault on a DAX file, as it comes from page tables. */
export interface DaxFault {
  /** The file. */
  readonly mapping: number;
  /** The area, for whoever inserts the entry. Opaque. */
  readonly vma: number;
  /** Page of the address space that faulted. */
  readonly page: number;
  /** The same page, in the file. */
  readonly index: number;
  readonly access: Access;
}

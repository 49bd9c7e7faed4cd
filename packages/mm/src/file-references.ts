import type { MappedFiles } from "@zeropfn/pte-mmu";
import { type ColumnAllocator, leaves } from "@zeropfn/state";
import { ENFILE, EOPNOTSUPP } from "@zeropfn/units";
import type { FileSystem } from "./file-system.ts";

/** Who has each file: descriptors and areas. A file that nobody has any more is released. @kernel file::f_ref — include/linux/fs.h, v6.18 */
export class FileReferences implements MappedFiles {
  static {
    if (__EXPLORE__) leaves(FileReferences, "mm/files", { get: {}, put: {}, begin: {} });
  }
  readonly #references: Uint32Array;
  readonly #shared: Uint8Array; // 1: of no descriptor, made by MAP_SHARED | MAP_ANONYMOUS
  readonly #pageSize: number;
  #files: FileSystem | undefined;

  constructor(columns: ColumnAllocator, fileCapacity: number, pageSize: number) {
    this.#references = columns.u32("file.references", fileCapacity);
    this.#shared = columns.u8("file.isShared", fileCapacity);
    this.#pageSize = pageSize;
  }
  /** Whose files they are. Once, when the machine is wired. */
  connect(files: FileSystem): void {
    this.#files = files;
  }

  mapped(mapping: number): void {
    this.get(mapping);
  }
  unmapped(mapping: number): void {
    if (this.put(mapping)) this.#files!.release(mapping);
  }
  createShared(pageCount: number): number {
    const files = this.#files!;
    if (!files.hasPrivateMappings) return -EOPNOTSUPP;
    const file = files.create();
    if (file < 0) return -ENFILE;
    this.begin(file, 0, 1);
    files.truncate(file, pageCount * this.#pageSize);
    return file;
  }
  /** A file that a descriptor has. */
  opened(file: number): void {
    this.begin(file, 1, 0);
  }
  /** True if no descriptor ever had it: shared anonymous memory. */
  isShared(file: number): boolean {
    return this.#shared[file] === 1;
  }

  // Steps

  begin(file: number, references: number, isShared: number): void {
    this.#references[file] = references;
    this.#shared[file] = isShared;
  }
  get(file: number): void {
    this.#references[file]!++;
  }
  /** True if that was the last one. */
  put(file: number): boolean {
    return --this.#references[file]! === 0;
  }
}

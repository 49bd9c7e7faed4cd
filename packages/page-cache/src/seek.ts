import { ENXIO } from "@zeropfn/units";
import { NO_INDEX, type PageCache } from "./page-cache.ts";

/**
 * The first byte from `offset` on that lies in a page of the cache with valid bytes.
 *
 * @param size     The file's, in bytes. Nothing beyond it counts.
 * @param pageSize In bytes.
 * @returns Where, in bytes, or -ENXIO.
 * @kernel mapping_seek_hole_data() — mm/filemap.c, v6.18
 */
export function seekData(cache: PageCache, file: number, offset: number, size: number, pageSize: number): number {
  for (let at = offset; at < size; ) {
    const index = Math.floor(at / pageSize);
    if (cache.isUptodate(file, index)) return at;
    const next = cache.next(file, index + 1);
    if (next === NO_INDEX) break;
    at = next * pageSize;
  }
  return -ENXIO;
}

/** As `seekData`, the first byte that lies in no such page; the end of the file is one. @kernel mapping_seek_hole_data() — mm/filemap.c, v6.18 */
export function seekHole(cache: PageCache, file: number, offset: number, size: number, pageSize: number): number {
  if (offset >= size) return -ENXIO;
  let at = offset;
  while (at < size && cache.isUptodate(file, Math.floor(at / pageSize))) at = (Math.floor(at / pageSize) + 1) * pageSize;
  return Math.min(at, size);
}

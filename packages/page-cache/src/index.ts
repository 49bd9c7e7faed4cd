export { PageCacheError, type PageCacheErrorCode } from "./errors.ts";
export { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, MAX_FILE_BYTES, SECTOR_BYTES } from "./layout.ts";
export { NO_INDEX, NO_PAGE, PageCache, type PageCacheOptions, type PageCacheParts } from "./page-cache.ts";
export type { PageFault } from "./page-fault.ts";
export type { PageMapper } from "./page-mapper.ts";
export { TmpfsFiles, type TmpfsFilesOptions, type TmpfsFilesParts } from "./tmpfs-files.ts";

export { FsExtentsError, type FsExtentsErrorCode } from "./errors.ts";
export { type Extent, FileExtents, type FileExtentsOptions } from "./file-extents.ts";
export { BLOCK_SHIFT, MAX_BLOCK_COUNT, MAX_FILE_BYTES, NO_BLOCK, NO_FILE } from "./layout.ts";

import { open } from "node:fs/promises";

/** What a file is before it is read. */
export interface FileLook {
  readonly isGzip: boolean;
  readonly totalBytes: number;
}

/** Looks at a file that may be compressed: its first bytes decide, not its name. */
export async function lookAt(path: string): Promise<FileLook> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(2), 0, 2, 0);
    return { isGzip: bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b, totalBytes: (await file.stat()).size };
  } finally {
    await file.close();
  }
}

/** True if decompressing failed because of what the file holds. */
export const isBrokenGzip = (error: unknown): error is NodeJS.ErrnoException => /^Z_/.test((error as NodeJS.ErrnoException).code ?? "");

import { join } from "node:path";

/** Where the package keeps the assembled module. */
export const MODULE_FILE: string = join(import.meta.dirname, "..", "..", "packages", "folio", "src", "content", "simd-module.ts");

/** That file's text. */
export function moduleFileText(module: Uint8Array): string {
  const lines =
    Buffer.from(module)
      .toString("base64")
      .match(/.{1,140}/g) ?? [];
  return `/**
 * The page operations for engines with SIMD, in base64: ${module.length} bytes.
 * Assembled from tools/content-module by \`npm run content-module\`; a test assembles it again and compares.
 */
export const SIMD_MODULE: string =
${lines.map((line) => `  "${line}"`).join(" +\n")};
`;
}

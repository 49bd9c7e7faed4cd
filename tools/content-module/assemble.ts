import wabt from "wabt";
import { hashing } from "./hash.ts";
import { operations } from "./operations.ts";

/** The module in WebAssembly's text format: functions over one memory that its maker brings. */
export const contentModuleText = (): string => `(module\n(import "page" "bytes" (memory 1))\n${[...operations, ...hashing].join("\n")})\n`;

/** The module as an engine loads it. The same text gives the same bytes. */
export async function assembleContentModule(): Promise<Uint8Array> {
  const module = (await wabt()).parseWat("content.wat", contentModuleText(), { simd: true, bulk_memory: true });
  try {
    module.validate();
    return module.toBinary({ log: false, write_debug_names: false }).buffer;
  } finally {
    module.destroy();
  }
}

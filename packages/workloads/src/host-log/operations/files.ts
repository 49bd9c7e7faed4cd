import { crc32 } from "node:zlib";
import type { MachineFile } from "@zeropfn/mm";
import { hex, type Operation, type Operations, type Outcome, returned } from "../outcome.ts";

/** An operation on the file in the slot that the first argument names. */
const onFile = (names: readonly string[], perform: (file: MachineFile, args: readonly number[]) => Outcome): Operation => ({
  arguments: ["slot", ...names],
  perform({ world }, [slot, ...args]) {
    const file = world.files[slot!];
    return file === undefined ? `no file in slot ${slot}` : perform(file, args);
  },
});

function pread(file: MachineFile, [offset, length]: readonly number[]): Outcome {
  const out = new Uint8Array(length!), result = file.pread(offset!, out);
  return result < 0 ? returned(result) : { crc: hex(crc32(out.subarray(0, result))), ...returned(result) };
}

function stat(file: MachineFile): Outcome {
  const { size, blocks } = file.stat();
  return { size, blocks, ret: 0 };
}

/** System calls on a file. */
export const FILES: Operations = {
  truncate: onFile(["size"], (file, [size]) => returned(file.truncate(size!))),
  fallocate: onFile(["mode", "off", "len"], (file, [mode, offset, length]) => returned(file.fallocate(mode!, offset!, length!))),
  pwrite: onFile(["off", "len", "byte"], (file, [offset, length, byte]) => returned(file.pwrite(offset!, new Uint8Array(length!).fill(byte!)))),
  pread: onFile(["off", "len"], pread),
  fsync: onFile([], (file) => returned(file.fsync())),
  stat: onFile([], stat),
};

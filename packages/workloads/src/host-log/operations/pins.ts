import { crc32 } from "node:zlib";
import type { MachineFile, Pipe, Process } from "@zeropfn/mm";
import { hex, type Operation, type Operations, type Outcome, returned, type Scene } from "../outcome.ts";
import { addressOf } from "../world.ts";

/** What a call answered; and of bytes that it read, their CRC-32. */
const withCrc = (result: number, bytes: Uint8Array): Outcome => (result < 0 ? returned(result) : { crc: hex(crc32(bytes.subarray(0, result))), ...returned(result) });

const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);

/** A call of a process that answers a number. */
const call = (names: readonly string[], perform: (process: Process, args: readonly number[], scene: Scene) => number): Operation => ({
  arguments: names,
  perform: (scene, args) => returned(perform(scene.process, args, scene)),
});

/** A call on the pipe that an argument names. */
const onPipe = (names: readonly string[], perform: (process: Process, pipe: Pipe, args: readonly number[]) => number): Operation =>
  call(names, (process, args, { world }) => perform(process, world.pipe(args[names.indexOf("pipe")]!), args));

/** A call on the memory of process `q`, the first argument. */
const onOther = (names: readonly string[], perform: (process: Process, other: Process, args: readonly number[]) => Outcome): Operation => ({
  arguments: ["q", ...names],
  perform({ world, process }, [q, ...args]) {
    const other = world.processes.get(q!);
    return other === undefined ? `no process ${q}` : perform(process, other, args);
  },
});

const onFile = (perform: (process: Process, file: MachineFile, args: readonly number[]) => number): Operation => ({
  arguments: ["off", "len", "slot", "fileoff"],
  perform({ world, process }, args) {
    const file = world.files[args[2]!];
    return file === undefined ? `no file in slot ${args[2]}` : returned(perform(process, file, args));
  },
});

/** `first`: the first byte that came out. */
function piperead({ world }: Scene, [pipe, length]: readonly number[]): Outcome {
  const out = new Uint8Array(length!), result = world.pipe(pipe!).read(out);
  return result <= 0 ? returned(result) : { first: out[0], ...withCrc(result, out) };
}

function pvmread(process: Process, other: Process, [off, length]: readonly number[]): Outcome {
  const out = new Uint8Array(length!);
  return withCrc(process.processVmReadv(other, addressOf(off!), out), out);
}

function memread(_process: Process, other: Process, [off, length]: readonly number[]): Outcome {
  const out = new Uint8Array(length!);
  return withCrc(other.readMem(addressOf(off!), out), out);
}

/** What holds pages without mapping them, and accesses that go past page tables. */
export const PINS: Operations = {
  vmsplice: onPipe(["pipe", "off", "len"], (process, pipe, [, off, length]) => process.vmsplice(pipe, addressOf(off!), length!)),
  piperead: { arguments: ["pipe", "len"], perform: piperead },
  pipewrite: onPipe(["pipe", "len", "byte"], (_process, pipe, [, length, byte]) => pipe.write(filled(length!, byte!))),
  pvmread: onOther(["off", "len"], pvmread),
  pvmwrite: onOther(["off", "len", "byte"], (process, other, [off, length, byte]) => returned(process.processVmWritev(other, addressOf(off!), filled(length!, byte!)))),
  memread: onOther(["off", "len"], memread),
  memwrite: onOther(["off", "len", "byte"], (_process, other, [off, length, byte]) => returned(other.writeMem(addressOf(off!), filled(length!, byte!)))),
  ringreg: call(["off", "len"], (process, [off, length]) => process.registerBuffer(addressOf(off!), length!)),
  ringread: onPipe(["off", "len", "pipe"], (process, pipe, [off, length]) => process.readFixed(pipe, addressOf(off!), length!)),
  ringwait: call([], (process) => process.waitForRing()),
  ringwrite: onPipe(["off", "len", "pipe"], (process, pipe, [off, length]) => process.writeFixed(pipe, addressOf(off!), length!)),
  ringunreg: call([], (process) => process.unregisterBuffer()),
  dioread: call(["off", "len", "fileoff"], (process, [off, length, offset], { world }) => process.directRead(world.directFile, offset!, addressOf(off!), length!)),
  diowrite: call(["off", "len", "fileoff"], (process, [off, length, offset], { world }) => process.directWrite(world.directFile, offset!, addressOf(off!), length!)),
  sysread: onFile((process, file, [off, length, , offset]) => process.pread(file, offset!, addressOf(off!), length!)),
  syswrite: onFile((process, file, [off, length, , offset]) => process.pwrite(file, offset!, addressOf(off!), length!)),
};

import type { Operation, Operations } from "../outcome.ts";

const notYet = (names: readonly string[], what: string): Operation => ({ arguments: names, perform: () => `${what}: not modelled` });

const PIPES = "pipes", RINGS = "buffers registered with io_uring", DIRECT = "O_DIRECT files";
const BY_OTHERS = "access to another process's memory", BY_FILES = "read and write with mapped memory";

/** What holds pages without mapping them. */
export const PINS: Operations = {
  vmsplice: notYet(["pipe", "off", "len"], PIPES),
  piperead: notYet(["pipe", "len"], PIPES),
  pipewrite: notYet(["pipe", "len", "byte"], PIPES),
  pvmread: notYet(["q", "off", "len"], BY_OTHERS),
  pvmwrite: notYet(["q", "off", "len", "byte"], BY_OTHERS),
  memread: notYet(["q", "off", "len"], BY_OTHERS),
  memwrite: notYet(["q", "off", "len", "byte"], BY_OTHERS),
  ringreg: notYet(["off", "len"], RINGS),
  ringread: notYet(["off", "len", "pipe"], RINGS),
  ringwait: notYet([], RINGS),
  ringwrite: notYet(["off", "len", "pipe"], RINGS),
  ringunreg: notYet([], RINGS),
  dioread: notYet(["off", "len", "fileoff"], DIRECT),
  diowrite: notYet(["off", "len", "fileoff"], DIRECT),
  sysread: notYet(["off", "len", "slot", "fileoff"], BY_FILES),
  syswrite: notYet(["off", "len", "slot", "fileoff"], BY_FILES),
};

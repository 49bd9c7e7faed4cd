export { type Access, EXEC, READ, WRITE } from "./access.ts";
export {
  type FaultResult,
  VM_FAULT_ACCERR,
  VM_FAULT_FALLBACK,
  VM_FAULT_LOCKED,
  VM_FAULT_MAJOR,
  VM_FAULT_NEEDDSYNC,
  VM_FAULT_NOPAGE,
  VM_FAULT_OOM,
  VM_FAULT_RETRY,
  VM_FAULT_SIGBUS,
  VM_FAULT_SIGSEGV,
  faultIsError,
} from "./fault-result.ts";
export {
  byteOffsetOf,
  type ByteOffset,
  GiB,
  KiB,
  MiB,
  type PageIndex,
  type Pfn,
  type Unit,
  type VirtualAddress,
  addressOf,
  pageCountOf,
  pageIndexOf,
  virtualPageOf,
} from "./quantities.ts";
export { BUS_ADRERR, SEGV_ACCERR, SEGV_MAPERR, SIGBUS, SIGKILL, type Signal, type SignalCode, SIGSEGV } from "./signal.ts";
export {
  EAGAIN, EBADF, EBUSY, EEXIST, EFAULT, EFBIG, EINVAL, EIO, ENODEV, ENFILE, ENOENT, ENOMEM, ENOSPC, ENOSYS, ENXIO, EOPNOTSUPP, EOVERFLOW, EPERM, ESPIPE, ESRCH, EACCES,
  OK,
  type Status,
  statusName,
} from "./status.ts";

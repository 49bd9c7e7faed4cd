/**
 * The outcome of something that may fail: `OK`, or a Linux error number (positive).
 * A failed device or a full one is a status through every layer, never a throw.
 * @kernel include/uapi/asm-generic/errno-base.h, errno.h, v6.12
 */
export type Status = number;

/** It worked. */
export const OK = 0;
export const EPERM = 1;
export const ENOENT = 2;
export const ESRCH = 3;
export const EIO = 5;
export const ENXIO = 6;
export const EBADF = 9;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EFAULT = 14;
export const EBUSY = 16;
export const EEXIST = 17;
export const ENODEV = 19;
export const EINVAL = 22;
export const ENFILE = 23;
export const EFBIG = 27;
export const ENOSPC = 28;
export const ESPIPE = 29;
export const ENOSYS = 38;
export const EOVERFLOW = 75;
export const EOPNOTSUPP = 95;

const NAMES: Readonly<Record<number, string>> = {
  [OK]: "OK", [EPERM]: "EPERM", [ENOENT]: "ENOENT", [ESRCH]: "ESRCH", [EIO]: "EIO", [ENXIO]: "ENXIO", [EBADF]: "EBADF", [EAGAIN]: "EAGAIN", [ENOMEM]: "ENOMEM",
  [EACCES]: "EACCES", [EFAULT]: "EFAULT", [EBUSY]: "EBUSY", [EEXIST]: "EEXIST", [ENODEV]: "ENODEV", [EINVAL]: "EINVAL", [ENFILE]: "ENFILE", [EFBIG]: "EFBIG",
  [ENOSPC]: "ENOSPC", [ESPIPE]: "ESPIPE", [ENOSYS]: "ENOSYS", [EOVERFLOW]: "EOVERFLOW", [EOPNOTSUPP]: "EOPNOTSUPP",
};

/** "ENOSPC" for 28; "E28?" style text for a number that has no name here. */
export const statusName = (status: Status): string => NAMES[status] ?? `E${status}?`;

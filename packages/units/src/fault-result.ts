/**
 * What a fault handler answers: a set of bits.
 * @kernel vm_fault_reason — include/linux/mm_types.h, v6.12
 */
export type FaultResult = number;

/** No frame could be had. */
export const VM_FAULT_OOM = 0x0001;
/** The page cannot be had: beyond the end of the file, or the device failed. */
export const VM_FAULT_SIGBUS = 0x0002;
/** Storage had to be read or allocated. */
export const VM_FAULT_MAJOR = 0x0004;
/** Nothing is mapped there, or not for this access (then `VM_FAULT_ACCERR` may say so too). */
export const VM_FAULT_SIGSEGV = 0x0040;
/** The handler installed the page table entry itself. */
export const VM_FAULT_NOPAGE = 0x0100;
/** The page is found: its folio is locked, and the caller has a reference. */
export const VM_FAULT_LOCKED = 0x0200;
/** The handler let go of its locks: try again. */
export const VM_FAULT_RETRY = 0x0400;
/** A huge page does not fit: try a small one. */
export const VM_FAULT_FALLBACK = 0x0800;
/** The metadata must be durable before the entry becomes writable (MAP_SYNC). */
export const VM_FAULT_NEEDDSYNC = 0x2000;
/**
 * Something is mapped there, but not for this access: SIGSEGV with SEGV_ACCERR instead of SEGV_MAPERR.
 * @differs Ours. In the kernel the architecture's fault handler finds that out itself; the bit is unused there.
 */
export const VM_FAULT_ACCERR = 0x8000;

/**
 * True if the access cannot be completed.
 * @kernel VM_FAULT_ERROR — include/linux/mm_types.h, v6.12
 * @differs The kernel's mask has VM_FAULT_FALLBACK as well, which here never leaves the fault path that answers it, and hardware poison.
 */
export const faultIsError = (result: FaultResult): boolean => (result & (VM_FAULT_OOM | VM_FAULT_SIGBUS | VM_FAULT_SIGSEGV | VM_FAULT_ACCERR)) !== 0;

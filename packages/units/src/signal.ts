/**
 * What an access that cannot be completed is answered with: the number of a signal.
 * @kernel arch/x86/include/uapi/asm/signal.h, v6.18
 */
export type Signal = number;

/** The page cannot be had. */
export const SIGBUS = 7;
/** Not to be caught: no memory is left. */
export const SIGKILL = 9;
/** Nothing is mapped there, or not for this access. */
export const SIGSEGV = 11;

/** Why a signal came: siginfo's si_code. @kernel include/uapi/asm-generic/siginfo.h, v6.18 */
export type SignalCode = number;

/** SIGSEGV: nothing is mapped there. */
export const SEGV_MAPERR = 1;
/** SIGSEGV: something is mapped there, but not for this access. */
export const SEGV_ACCERR = 2;
/** SIGBUS: nothing is behind the address, such as beyond the end of a file. */
export const BUS_ADRERR = 2;

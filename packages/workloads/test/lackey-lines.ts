import { type AccessBatch, LackeyParser } from "../src/lackey/index.ts";

/** What a trace says, as text: one word for each event. */
export function eventsOf(trace: Uint8Array | string, cuts: readonly number[] = [], file = "t.trace"): string[] {
  const bytes = typeof trace === "string" ? new TextEncoder().encode(trace) : trace, events: string[] = [];
  const parser = new LackeyParser(file, {
    accesses: ({ kinds, addresses, sizes }: AccessBatch, count) => {
      for (let nth = 0; nth < count; nth++) events.push(`${"ILSM"[kinds[nth]!]} ${addresses[nth]!.toString(16)},${sizes[nth]}`);
    },
    call: ({ line, name, args, path, result }) => events.push(`${line}: ${name}(${[...args, ...(path === undefined ? [] : [path])].join(" ")}) = ${result}`),
  });
  const ends = [0, ...cuts, bytes.length];
  for (let nth = 1; nth < ends.length; nth++) parser.push(bytes.slice(ends[nth - 1], ends[nth]));
  parser.end();
  return events;
}

/** Lines of valgrind 3.19.0 on x86-64 Linux, of each kind that traces of true, ls, gzip and a program with threads have. */
export const REAL_LINES: string = `==4409== Lackey, an example Valgrind tool
==4409== Copyright (C) 2002-2017, and GNU GPL'd, by Nicholas Nethercote.
==4409== Command: true
==4409== 
I  0401ab70,3
 S 1fff000778,8
 L 0402e1e8,8
 M 04032b88,4
SYSCALL[4409,1](12) sys_brk ( 0x0 ) --> [pre-success] Success(0x4035000) 
SYSCALL[4409,1](257) sys_openat ( 4294967196, 0x40290b1(/etc/ld.so.cache), 524288 ) --> [async] ... 
SYSCALL[4409,1](257) ... [async] --> Success(0x3) 
SYSCALL[4409,1](257) sys_openat ( 4294967196, 0x10a004(a b(c) --> x.txt), 66, 384 ) --> [async] ... 
SYSCALL[4409,1](257) ... [async] --> Failure(0x2) 
SYSCALL[4409,1](262) sys_newfstatat ( 3, 0x4029c99(), 0x1ffefff840 )[sync] --> Success(0x0) 
SYSCALL[4409,1](9) sys_mmap ( 0x0, 34547, 1, 2, 3, 0 ) --> [pre-success] Success(0x483c000) 
I  0401ab73,15
SYSCALL[4409,1](3) sys_close ( 3 )[sync] --> Success(0x0) 
SYSCALL[4409,1](9) sys_mmap ( 0x4a1a000, 53072, 3, 50, 4294967295, 0 ) --> [pre-success] Success(0x4a1a000) 
SYSCALL[4409,1](158) arch_prctl ( 4098, 4a27740 ) --> [pre-success] Success(0x0) 
SYSCALL[4409,1](334) unimplemented (by the kernel) syscall: 334! (ni_syscall)
 --> [pre-fail] Failure(0x26) 
SYSCALL[4409,1](10) sys_mprotect ( 0x4a14000, 16384, 1 )[sync] --> Success(0x0) 
SYSCALL[4409,1](202) sys_futex ( 0x522a990, 265, 5216, 0x0, 0x0 ) --> [async] ... 
SYSCALL[4409,2](28) sys_madvise ( 0x4a2a000, 8368128, 4 ) --> [async] ... 
 L 1fff000778,32
SYSCALL[4409,2](28) ... [async] --> Success(0x0) 
SYSCALL[4409,1](202) ... [async] --> Success(0x0) 
SYSCALL[4409,1](25) sys_mremap ( 0x522b000, 65536, 131072, 0x1 ) --> [pre-success] Success(0x523b000) 
SYSCALL[4409,1](11) sys_munmap ( 0x1, 5 )[sync] --> Failure(0x16) 
SYSCALL[4409,1](15) sys_rt_sigreturn ( ) --> [pre-success] NoWriteResult 
SYSCALL[4409,1](39) sys_getpid ()[sync] --> Success(0x170e) 
SYSCALL[4409,1](230) sys_clock_nanosleep( 0, 0, 0x1fff000630, 0x1fff000630 ) --> [async] ... 
SYSCALL[4409,1](230) ... [async] --> Success(0x0) 
SYSCALL[4409,1](56) sys_clone ( 1200011, 0x0, 0x0, 0x4a27a10, 0x0 )   clone(fork): process 4409 created child 5217
 --> [pre-success] Success(0x1461) 
SYSCALL[4409,1](60) exit( 0 ) --> [pre-success] Success(0x0) 
--4409-- WARNING: unhandled amd64-linux syscall: 999
SYSCALL[4409,1](59) sys_execve ( 0x10a009(/bin/true), 0x1fff000600, 0x1fff000798 )
==4409==   total:         25,784
==4409== Exit code:       0
`;

export const REAL_EVENTS: readonly string[] = [
  "I 401ab70,3", "S 1fff000778,8", "L 402e1e8,8", "M 4032b88,4",
  "9: brk(0) = 67325952",
  "10: openat(/etc/ld.so.cache) = 3",
  "12: openat(a b(c) --> x.txt) = -2",
  "14: newfstatat() = 0",
  "15: mmap(0 34547 1 2 3 0) = 75743232",
  "I 401ab73,15",
  "17: close(3) = 0",
  "18: mmap(77701120 53072 3 50 -1 0) = 77701120",
  "19: arch_prctl() = 0",
  "20: syscall_334() = -38",
  "22: mprotect(77676544 16384 1) = 0",
  "L 1fff000778,32",
  "24: madvise(77766656 8368128 4) = 0",
  "23: futex() = 0",
  "28: mremap(86159360 65536 131072 1) = 86224896",
  "29: munmap(1 5) = -22",
  "30: rt_sigreturn() = undefined",
  "31: getpid() = 5902",
  "32: clock_nanosleep() = 0",
  "34: clone() = 5217",
  "36: exit() = 0",
  "38: execve() = undefined",
];

/**
 * The operations on ranges of one memory, in WebAssembly's text format. All lengths are multiples of 128, above 0.
 * Unrolled text is repeated by `times`; everything else is as the assembler reads it.
 */

/** `text(0)` … `text(count - 1)`, a line each. */
export const times = (count: number, text: (nth: number) => string): string => Array.from({ length: count }, (_, nth) => text(nth)).join("\n");

/** The bitwise or of the expressions, as a balanced tree. */
function anyOf(expressions: readonly string[]): string {
  if (expressions.length === 1) return expressions[0] as string;
  const half = expressions.length / 2;
  return `(v128.or ${anyOf(expressions.slice(0, half))} ${anyOf(expressions.slice(half))})`;
}

const load = (at: string, nth: number): string => `(v128.load offset=${nth * 16} (local.get ${at}))`;
const loads = (at: string, count: number): string[] => Array.from({ length: count }, (_, nth) => load(at, nth));
const differences = (count: number): string[] => Array.from({ length: count }, (_, nth) => `(v128.xor ${load("$a", nth)} ${load("$b", nth)})`);

/** 1 if all bytes are 0. The last word first; then 128 bytes a step: fewer are slower from memory, more are slower in the caches. */
const isZero = `
(func (export "isZero") (param $at i32) (param $length i32) (result i32)
  (local $end i32)
  (local.set $end (i32.add (local.get $at) (local.get $length)))
  (if (i64.ne (i64.load (i32.sub (local.get $end) (i32.const 8))) (i64.const 0)) (then (return (i32.const 0))))
  (loop $next
    (if (v128.any_true ${anyOf(loads("$at", 8))}) (then (return (i32.const 0))))
    (local.set $at (i32.add (local.get $at) (i32.const 128)))
    (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
  (i32.const 1))`;

/** 1 if both ranges hold the same bytes: 128 bytes a step. */
const equal = `
(func (export "equal") (param $a i32) (param $b i32) (param $length i32) (result i32)
  (local $end i32)
  (local.set $end (i32.add (local.get $a) (local.get $length)))
  (loop $next
    (if (v128.any_true ${anyOf(differences(8))}) (then (return (i32.const 0))))
    (local.set $a (i32.add (local.get $a) (i32.const 128)))
    (local.set $b (i32.add (local.get $b) (i32.const 128)))
    (br_if $next (i32.lt_u (local.get $a) (local.get $end))))
  (i32.const 1))`;

/** -1, 0 or 1. Skips equal blocks of 128 bytes, then finds the first byte that differs, 16 at a time. */
const compare = `
(func (export "compare") (param $a i32) (param $b i32) (param $length i32) (result i32)
  (local $end i32) (local $same i32)
  (local.set $end (i32.add (local.get $a) (local.get $length)))
  (block $found
    (loop $next
      (br_if $found (v128.any_true ${anyOf(differences(8))}))
      (local.set $a (i32.add (local.get $a) (i32.const 128)))
      (local.set $b (i32.add (local.get $b) (i32.const 128)))
      (br_if $next (i32.lt_u (local.get $a) (local.get $end))))
    (return (i32.const 0)))
  (loop $next
    (local.set $same (i8x16.bitmask (i8x16.eq ${load("$a", 0)} ${load("$b", 0)})))
    (if (i32.eq (local.get $same) (i32.const 0xffff))
      (then
        (local.set $a (i32.add (local.get $a) (i32.const 16)))
        (local.set $b (i32.add (local.get $b) (i32.const 16)))
        (br $next))))
  (local.set $same (i32.ctz (i32.xor (local.get $same) (i32.const 0xffff))))
  (select (i32.const -1) (i32.const 1)
    (i32.lt_u
      (i32.load8_u (i32.add (local.get $a) (local.get $same)))
      (i32.load8_u (i32.add (local.get $b) (local.get $same))))))`;

/** Copies within the memory. A loop of vector loads and stores takes as long. */
const copy = `
(func (export "copy") (param $to i32) (param $from i32) (param $length i32)
  (memory.copy (local.get $to) (local.get $from) (local.get $length)))`;

/** Sets every byte to the low 8 bits of the value. */
const fill = `
(func (export "fill") (param $at i32) (param $length i32) (param $value i32)
  (memory.fill (local.get $at) (local.get $value) (local.get $length)))`;

export const operations: readonly string[] = [isZero, equal, compare, copy, fill];

import type { ByteChunks, WasmMemory } from "@zeropfn/state";
import type { ContentOperations } from "./content-operations.ts";
import { SIMD_MODULE } from "./simd-module.ts";
import { typedArrayOperations } from "./typed-array-operations.ts";

/** What the module exports: see tools/content-module. Lengths are multiples of 128, above 0. */
interface ModuleExports {
  isZero(at: number, length: number): number;
  equal(a: number, b: number, length: number): number;
  compare(a: number, b: number, length: number): number;
  copy(to: number, from: number, length: number): void;
  fill(at: number, length: number, value: number): void;
  hash(at: number, length: number): number;
}

// What we use of the engine; the DOM library is not loaded.
declare const WebAssembly:
  | {
      validate(bytes: Uint8Array): boolean;
      readonly Module: new (bytes: Uint8Array) => object;
      readonly Instance: new (module: object, imports: { page: { bytes: WasmMemory } }) => { readonly exports: unknown };
    }
  | undefined;
declare const atob: (base64: string) => string;

/** The shortest range that the module's hash takes. */
const SHORTEST_HASH = 256;

/**
 * Operations by the SIMD module, which works in the chunks' memories in place: one instance of one compiled module for
 * each chunk. Ranges in two chunks, and lengths that are no multiple of 128, go by typed arrays.
 *
 * @returns `undefined` where the engine has no SIMD or the chunks lie in no WebAssembly memory.
 */
export function simdOperations(chunks: ByteChunks): ContentOperations | undefined {
  const module = chunks.memories === undefined ? undefined : compiledModule();
  return module === undefined ? undefined : new SimdOperations(chunks, module);
}

/** Compiled once in a process, when first asked for. No state: the same bytes give the same code. */
let compiled: object | undefined;

function compiledModule(): object | undefined {
  if (compiled !== undefined || typeof WebAssembly === "undefined") return compiled;
  const bytes = Uint8Array.from(atob(SIMD_MODULE), (character) => character.charCodeAt(0));
  if (WebAssembly.validate(bytes)) compiled = new WebAssembly.Module(bytes);
  return compiled;
}

class SimdOperations implements ContentOperations {
  readonly name = "simd";
  readonly #byBytes = new Map<Uint8Array, ModuleExports>();
  readonly #other: ContentOperations;
  #lastBytes: Uint8Array | undefined;
  #last: ModuleExports | undefined;

  constructor(chunks: ByteChunks, module: object) {
    chunks.memories!.forEach((memory, chunk) => {
      this.#byBytes.set(chunks.bytes[chunk], new WebAssembly!.Instance(module, { page: { bytes: memory } }).exports as ModuleExports);
    });
    this.#other = typedArrayOperations(chunks);
  }

  isZero(bytes: Uint8Array, offset: number, length: number): boolean {
    const simd = this.#of(bytes, length);
    return simd === undefined ? this.#other.isZero(bytes, offset, length) : simd.isZero(offset, length) !== 0;
  }
  equal(a: Uint8Array, aOffset: number, b: Uint8Array, bOffset: number, length: number): boolean {
    const simd = a === b ? this.#of(a, length) : undefined;
    return simd === undefined ? this.#other.equal(a, aOffset, b, bOffset, length) : simd.equal(aOffset, bOffset, length) !== 0;
  }
  compare(a: Uint8Array, aOffset: number, b: Uint8Array, bOffset: number, length: number): number {
    const simd = a === b ? this.#of(a, length) : undefined;
    return simd === undefined ? this.#other.compare(a, aOffset, b, bOffset, length) : simd.compare(aOffset, bOffset, length);
  }
  copy(to: Uint8Array, toOffset: number, from: Uint8Array, fromOffset: number, length: number): void {
    const simd = to === from ? this.#of(to, length) : undefined;
    if (simd === undefined) this.#other.copy(to, toOffset, from, fromOffset, length);
    else simd.copy(toOffset, fromOffset, length);
  }
  fill(bytes: Uint8Array, offset: number, length: number, value: number): void {
    const simd = this.#of(bytes, length);
    if (simd === undefined) this.#other.fill(bytes, offset, length, value);
    else simd.fill(offset, length, value);
  }
  hash(bytes: Uint8Array, offset: number, length: number): number {
    const simd = length < SHORTEST_HASH ? undefined : this.#of(bytes, length);
    return simd === undefined ? this.#other.hash(bytes, offset, length) : simd.hash(offset, length);
  }

  /** The instance over the memory under `bytes`, if it takes ranges of this length. */
  #of(bytes: Uint8Array, length: number): ModuleExports | undefined {
    if ((length & 127) !== 0 || length === 0) return undefined;
    if (bytes !== this.#lastBytes) {
      this.#lastBytes = bytes;
      this.#last = this.#byBytes.get(bytes);
    }
    return this.#last;
  }
}

import { xxh3, xxh64 } from "@node-rs/xxhash";
import createXxhash from "xxhash-wasm";
import { type Candidate, mix } from "../../../tools/bench/benchmark.ts";
import { type ContentSize, type Operation, pageFor } from "./content.ts";

/** Handles pages as a view of each, as others' functions take them. */
const byViews = (operation: Operation, handle: (page: Uint8Array) => number): Candidate<ContentSize> => ({ pages, operations }) => {
  const bytes = new Uint8Array(pages * 4096);
  const content = pageFor(operation);
  for (let page = 0; page < pages; page++) bytes.set(content, page * 4096);
  return {
    operations,
    round() {
      let sum = 0;
      for (let nth = 0; nth < operations; nth++) {
        const at = (nth % pages) * 4096;
        sum = (sum + handle(bytes.subarray(at, at + 4096))) % 2 ** 32;
      }
      return mix(0, sum);
    },
  };
};

const low = (hash: bigint): number => Number(hash & 0xffff_ffffn);
const zeros = Buffer.alloc(4096);

/** Peers of the hash: a call takes a view and gives a BigInt. */
export const hashPeers = async (): Promise<Record<string, Candidate<ContentSize>>> => {
  const { h64Raw } = await createXxhash();
  return {
    "xxhash-wasm, XXH64": byViews("hash", (page) => low(h64Raw(page))),
    "@node-rs/xxhash, XXH64": byViews("hash", (page) => low(xxh64(page))),
    "@node-rs/xxhash, XXH3": byViews("hash", (page) => low(xxh3.xxh64(page))),
  };
};
/** What Node has for it. */
export const zeroPeers: Readonly<Record<string, Candidate<ContentSize>>> = { "Buffer.compare": byViews("isZero", (page) => (zeros.compare(page) === 0 ? 1 : 0)) };

import { COLUMN_BYTES_PER_FRAME, Folios } from "@zeropfn/folio";
import { reservedColumns } from "@zeropfn/state";
import { type AnyBenchmark, defineBenchmark, mix } from "../../../tools/bench/benchmark.ts";

const MIB = 2 ** 20;

export const bench: AnyBenchmark = defineBenchmark<{ readonly frames: number }>({
  question: `What does it cost to start a machine of 16 GiB, in ns and in bytes of host memory? A frame has ${COLUMN_BYTES_PER_FRAME} bytes of columns.`,
  tiny: { frames: 2 ** 10 },
  real: { frames: 2 ** 22 },
  rounds: 3,
  candidates: {
    Folios({ frames }) {
      let held: Folios | undefined;
      let before = 0;
      let grown = 0;
      return {
        operations: 1,
        before() {
          held = undefined;
          before = process.memoryUsage.rss();
        },
        round() {
          held = new Folios(reservedColumns(), { frameCount: frames });
          const pfn = held.allocate(0);
          held.zero(pfn);
          grown = process.memoryUsage.rss() - before;
          return mix(0, pfn);
        },
        stateBytes: () => Math.max(grown, held!.usedFrames),
      };
    },
  },
  goals: [{ claim: `16 GiB start within 0.5 s (and ${100 * MIB} bytes)`, value: (ns) => ns.Folios! / 1e9, atMost: 0.5 }],
});

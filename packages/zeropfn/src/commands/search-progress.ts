import type { SearchProgress } from "@zeropfn/explore";
import { Presets, SingleBar } from "cli-progress";

/** A search that is over sooner shows nothing. */
const QUIET_MS = 2000;

export interface ShownSearch {
  /** The search of `name` begins: what is told of it, for its options. */
  next(name: string): { readonly onProgress: (progress: SearchProgress) => void };
  stop(): void;
}

/** Long searches show on stderr how many states they have seen. Nobody knows how many there are, so there is no percentage. */
export function showSearch(): ShownSearch {
  let bar: SingleBar | undefined;
  return {
    next(name) {
      const began = performance.now();
      return {
        onProgress({ states, frontier, statesPerSecond }) {
          if (performance.now() - began < QUIET_MS) return;
          const now = { name, frontier, rate: statesPerSecond };
          if (bar === undefined) {
            bar = new SingleBar({ format: "{name}: {value} states, {frontier} deep, {rate} states/s", clearOnComplete: true, noTTYOutput: true, notTTYSchedule: QUIET_MS }, Presets.rect);
            bar.start(Number.MAX_SAFE_INTEGER, states, now);
          } else bar.update(states, now);
        },
      };
    },
    stop() {
      bar?.stop();
      bar = undefined;
    },
  };
}

import { Presets, SingleBar } from "cli-progress";

/** A replay that is over sooner shows nothing. */
const QUIET_MS = 2000;

export interface ShownReplay {
  /** The replay of `name` begins: what is told how far its log has been read. */
  next(name: string): (doneBytes: number, totalBytes: number) => void;
  stop(): void;
}

/** Long replays show on stderr how far they are, if `isOn`. */
export function showReplay(isOn: boolean): ShownReplay {
  const began = performance.now();
  let bar: SingleBar | undefined;
  return {
    next: (name) => (doneBytes, totalBytes) => {
      if (!isOn || performance.now() - began < QUIET_MS) return;
      if (bar === undefined) {
        const format = "{bar} {percentage}% {name}";
        bar = new SingleBar({ format, barsize: 30, clearOnComplete: true, noTTYOutput: true, notTTYSchedule: QUIET_MS }, Presets.rect);
        bar.start(totalBytes, doneBytes, { name });
      } else {
        bar.setTotal(totalBytes);
        bar.update(doneBytes, { name });
      }
    },
    stop: () => bar?.stop(),
  };
}

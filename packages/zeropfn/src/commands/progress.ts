import { Presets, SingleBar } from "cli-progress";
import type { OnProgress } from "../measure/parent.ts";

export interface Progress {
  /** The next step begins; what is returned hears how far it is. */
  next(label: string): OnProgress;
  stop(): void;
}

/** A bar on stderr. Where that is no terminal, a line now and then. */
export function showProgress(isOn: boolean, stepCount: number): Progress {
  if (!isOn) return { next: () => () => {}, stop: () => {} };
  const format = "{bar} {percentage}% {label}", bar = new SingleBar({ format, barsize: 30, clearOnComplete: true, noTTYOutput: true, notTTYSchedule: 2000 }, Presets.rect);
  let step = -1;
  return {
    next(label) {
      if (++step === 0) bar.start(stepCount, 0, { label });
      else bar.update(step, { label });
      return (done, total) => bar.update(step + done / total);
    },
    stop: () => bar.stop(),
  };
}

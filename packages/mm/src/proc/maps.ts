import type { Process } from "../process.ts";
import { areaLine, mappedAreas } from "./mapped-area.ts";

/** /proc/PID/maps: a line for each area. @kernel show_map() — fs/proc/task_mmu.c, v6.18 */
export const maps = (process: Process): string => mappedAreas(process).map(areaLine).join("");

/** The last column of a value in smaps. */
const VALUE_END = 24;

/**
 * A line of smaps: label, and a value that ends in column 24, or further right if it is that long.
 * @param value kB where there is a unit.
 * @kernel SEQ_PUT_DEC, __show_smap() — fs/proc/task_mmu.c, v6.18
 */
export const fieldLine = (label: string, value: number, unit: " kB" | "" = " kB"): string =>
  `${label}:${String(value).padStart(VALUE_END - label.length - 1)}${unit}\n`;

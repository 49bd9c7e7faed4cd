import Table from "cli-table3";

const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** "8,388,608" */
export const whole = (value: number): string => WHOLE.format(value);

/** A table without colours: it goes into files and mails as well. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({ head: [...head], colAligns: head.map((_, column) => (column === 0 ? "left" : "right")), style: { head: [], border: [], compact: true } });
  for (const row of rows) table.push([...row]);
  return table.toString();
}

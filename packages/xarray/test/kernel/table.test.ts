import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const read = (name: string): string => readFileSync(join(import.meta.dirname, name), "utf8");
const rows = read("table.md").split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| kernel ")).map((line) => line.split("|").slice(1, 4).map((cell) => cell.trim()));

/** The functions of lib/test_xarray.c: numbered families are written as first and last. */
const FUNCTIONS = [
  "check_xa_err", "check_xas_retry", "check_xa_load", "check_xa_mark_1", "check_xa_mark_2", "check_xa_mark_3", "check_xa_mark", "check_xa_shrink", "check_xas_erase",
  "check_insert", "check_cmpxchg", "check_cmpxchg_order", "check_reserve", "check_multi_store_1", "check_multi_store_2", "check_multi_store_3", "check_multi_store",
  "check_xa_multi_store_adv_add", "check_xa_multi_store_adv_del_entry", "check_xa_multi_store_adv_delete", "test_get_entry", "check_xa_multi_store_adv",
  "check_multi_store_advanced", "check_get_order", "check_xas_get_order", "check_xas_conflict_get_order", "check_xa_alloc_1", "check_xa_alloc_2", "check_xa_alloc_3",
  "check_xa_alloc", "__check_store_iter", "check_store_iter", "check_multi_find_1", "check_multi_find_2", "check_multi_find_3", "check_find_1", "check_find_2",
  "check_find_3", "check_find_4", "check_find", "xa_find_entry", "check_find_entry", "check_pause", "check_account", "check_destroy", "check_move", "check_move_tiny",
  "check_move_max", "check_move_small", "xa_store_many_order", "check_create_range_1", "check_create_range_2", "check_create_range_3", "check_create_range_4",
  "check_create_range_5", "check_create_range", "__check_store_range", "check_store_range", "check_split_1", "check_split_2", "check_split", "check_align_1",
  "check_align_2", "check_align", "check_workingset", "test_update_node", "shadow_remove", "xarray_checks",
];

test("The table has a test of ours for each test function of the kernel", () => {
  expect(rows.map(([name]) => name)).toEqual(FUNCTIONS);
  for (const [name, file, title] of rows) {
    expect({ name, isEmpty: file === "" || title === "" }).toEqual({ name, isEmpty: false });
    expect(read(`${file}.test.ts`), `${name}: ${title}`).toContain(title);
  }
});

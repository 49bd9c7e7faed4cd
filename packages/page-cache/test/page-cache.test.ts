import { reservedColumns } from "@zeropfn/state";
import { expect, test } from "vitest";
import { PageCache } from "../src/index.ts";

test("rows are taken one after the other", () => {
  const rows = new PageCache(reservedColumns(), { capacity: 8 });
  expect([rows.take(), rows.take()]).toEqual([0, 1]);
});

import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { BIN, jobFile, smallJob } from "./command.ts";

const hasProc = existsSync(`/proc/self/task/${process.pid}/children`);

test.skipIf(!hasProc)("a measuring process ends soon after the command was killed", { timeout: 60_000 }, async () => {
  const command = spawn(process.execPath, [BIN, "compare", jobFile(smallJob("16g")), "--stack", "dax-zero-page"], { stdio: "ignore" });
  const child = await vi.waitFor(
    () => {
      const [pid = ""] = readFileSync(`/proc/${command.pid}/task/${command.pid}/children`, "utf8").trim().split(" ");
      expect(pid).not.toBe("");
      return pid;
    },
    { timeout: 20_000 },
  );
  command.kill("SIGKILL");
  // A process that has ended and waits for whoever adopted it is as good as gone.
  const state = (): string => (existsSync(`/proc/${child}/stat`) ? readFileSync(`/proc/${child}/stat`, "utf8").replace(/^.*\) /, "")[0]! : "gone");
  await vi.waitFor(() => expect(["gone", "Z", "X"]).toContain(state()), { timeout: 30_000, interval: 200 });
});

import { stacks } from "@zeropfn/mm";
import { Command } from "commander";

/** `zeropfn stacks`: the names that `--stack` knows. */
export const stacksCommand = (): Command =>
  new Command("stacks").description("List the stacks that ship.").action(() => {
    const width = Math.max(...Object.keys(stacks).map((name) => name.length));
    for (const { name, summary } of Object.values(stacks)) process.stdout.write(`${name.padEnd(width)}  ${summary}\n`);
  });

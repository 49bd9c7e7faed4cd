import { Command } from "commander";

/** `zeropfn settle [NAMES…]` */
export const settleCommand = (_finish: (exitCode: number) => void): Command => new Command("settle").description("").argument("[names...]").action(() => {});

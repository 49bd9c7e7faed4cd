import type {} from "vitest";
import { printVerdict } from "./print-verdict.ts";
import { printSchedule } from "./print-schedule.ts";
import type { Scenario } from "./scenario.ts";
import { settleScenario, type SettleOptions } from "./settle.ts";

/** What a matcher gives to vitest. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/** Settles a scenario, and passes if it comes out as its file says: `expect(scenario).toSettle()`. */
function toSettle(scenario: Scenario, options: SettleOptions = {}): MatcherResult {
  const verdict = settleScenario(scenario, options);
  const text = (): string => [printVerdict(verdict), ...(verdict.schedule === undefined ? [] : [printSchedule(verdict.schedule)])].join("\n\n");
  return { pass: verdict.isAsExpected, message: text };
}

/** For `expect.extend(exploreMatchers)`. */
export const exploreMatchers: { readonly toSettle: typeof toSettle } = { toSettle };

/** For `defineConfig(exploreConfig)`: the explore builds of all our packages are imported, and nothing else. */
export const exploreConfig: {
  readonly ssr: { readonly resolve: { readonly conditions: string[] } };
  readonly test: { readonly server: { readonly deps: { readonly inline: RegExp[] } } };
} = {
  ssr: { resolve: { conditions: ["explore", "module", "node", "development|production"] } },
  test: { server: { deps: { inline: [/@zeropfn\//] } } },
};

declare module "vitest" {
  // biome-ignore lint/suspicious/noExplicitAny: as vitest declares it
  interface Matchers<T = any> {
    /** Settles a scenario, and passes if it comes out as its file says. */
    toSettle(options?: SettleOptions): T;
  }
}

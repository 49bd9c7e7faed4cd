import { gateHolder } from "./gate.ts";

/** What a leaf may return: it is logged, and handed back when the thread re-enters. */
// biome-ignore lint/suspicious/noConfusingVoidType: the type of a method that returns nothing
export type LeafResult = number | boolean | void;

/** How one leaf takes part in exploration. `{}` says: one atomic step. */
export interface Leaf<Owner, Args extends unknown[]> {
  /** The thread sleeps until this holds. Reads state columns, changes nothing. */
  readonly when?: (owner: Owner, ...args: Args) => boolean;
  /** Logged, but no step of its own: it runs together with the step before it. For ghosts, counters, steady columns. */
  readonly silent?: true;
  /** One store to one column, of a value and to a place that its arguments give: under TSO it goes through a store buffer. */
  readonly plain?: true;
  /** A barrier or a locked instruction: under TSO it waits for the thread's own store buffer to drain, even if it writes nothing. */
  readonly fence?: true;
  /** Holds more than one step may, and its body calls leaves only: explored split, unless a scenario asks for it whole. */
  readonly coarse?: true;
}

// biome-ignore lint/suspicious/noExplicitAny: a method's parameters cannot be named otherwise
export type LeafMethod = (...args: any[]) => LeafResult;

/** The leaves of a class: public methods that return a number, a boolean or nothing. */
export type LeafTable<Owner> = {
  readonly [Name in keyof Owner as Owner[Name] extends LeafMethod ? Name : never]?: Owner[Name] extends LeafMethod ? Leaf<Owner, Parameters<Owner[Name]>> : never;
} & { readonly ""?: never }; // Against a type without any property the compiler lets every literal pass.

/** A leaf as the explorer knows it. */
export interface LeafOperation {
  /** "pte.load": what schedules print and mutants override. */
  readonly name: string;
  /** "pte-mmu": the package that owns it. */
  readonly package: string;
  /** What it does. Mutants put another body here for the time of a search. */
  body: (...args: unknown[]) => LeafResult;
  readonly when: ((owner: object, ...args: unknown[]) => boolean) | undefined;
  readonly silent: boolean;
  readonly plain: boolean;
  readonly fence: boolean;
  readonly coarse: boolean;
}

/**
 * Makes the named methods of `type` the atomic steps of a machine. For a static block, in the explore build only:
 * `static { if (__EXPLORE__) leaves(PageTables, "pte-mmu/pte", { load: {}, lock: { when: … } }); }`
 *
 * @param prefix The package, a slash, and the prefix of the leaves' names; bundlers rename classes, so it is said.
 */
export function leaves<Owner extends object>(type: { readonly prototype: Owner }, prefix: `${string}/${string}`, table: LeafTable<Owner>): void {
  if (!__EXPLORE__) return;
  const [packageName, group] = prefix.split("/") as [string, string];
  const named = table as unknown as Readonly<Record<string, Leaf<object, unknown[]>>>;
  for (const [method, leaf] of Object.entries(named) as [keyof Owner & string, Leaf<object, unknown[]>][]) {
    const { when, silent = false, plain = false, fence = false, coarse = false } = leaf;
    const body = type.prototype[method] as LeafOperation["body"];
    const operation: LeafOperation = { name: `${group}.${method}`, package: packageName, body, when, silent, plain, fence, coarse };
    gateHolder.operations.push(operation);
    Object.defineProperty(type.prototype, method, {
      value: function (this: object, ...args: unknown[]): LeafResult {
        const { gate, inLeaf } = gateHolder;
        if (coarse && inLeaf) gateHolder.coarseInside.add(operation.name);
        return gate === null || inLeaf ? operation.body.apply(this, args) : gate.pass(operation, this, args);
      },
    });
  }
}

/**
 * At the head of a loop that tries again: from here on, of all that the thread has seen only `live` matters.
 * States that agree in it are one. Nothing in the ordinary build.
 */
export function mark(label: string, ...live: (number | boolean)[]): void {
  if (!__EXPLORE__) return;
  const { gate, inLeaf } = gateHolder;
  if (gate !== null && !inLeaf) gate.mark(label, live);
}

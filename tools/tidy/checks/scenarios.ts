import { dirname, join, normalize } from "node:path";
import { exportedNames, type Import, importsOf } from "../syntax.ts";
import type { Source, Workspace } from "../workspace.ts";

const FOLDER = "packages/explore/src/scenarios/";
const INDEX = "packages/explore/src/index.ts";

/**
 * A scenario sees what a stranger sees: packages by their public names, and of the explorer itself only what its index
 * exports. So it cannot re-implement or reach into the mechanism that it judges.
 */
export function scenarios(workspace: Workspace): string[] {
  const sources = workspace.packages.flatMap((each) => each.sources);
  const index = sources.find(({ path }) => path === INDEX);
  const surface = new Set(index === undefined ? [] : exportedNames(index));
  return sources
    .filter(({ path }) => path.startsWith(FOLDER))
    .flatMap((source) =>
      importsOf(source)
        .filter((each) => !isPublic(source, each, surface))
        .map(({ specifier, node }) => `${source.at(node)} imports ${specifier}, which is not public`),
    );
}

function isPublic({ path }: Source, { specifier, names }: Import, surface: ReadonlySet<string>): boolean {
  if (!specifier.startsWith(".")) return /^@zeropfn\/[\w-]+$/.test(specifier);
  if (normalize(join(dirname(path), specifier)).startsWith(FOLDER)) return true;
  return names.length > 0 && names.every((name) => surface.has(name));
}

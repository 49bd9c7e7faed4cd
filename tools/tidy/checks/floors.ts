import { importsOf, packageOf } from "../syntax.ts";
import { isMechanism, isShipped, type Package, type Source, type Workspace } from "../workspace.ts";

/**
 * Imports point down: what a package ships imports lower floors only, its tests may import their own floor as well.
 * On the floors of mechanisms nothing comes from outside the repository. Imports of our packages are declared.
 */
export function floors(workspace: Workspace): string[] {
  const byName = new Map(workspace.packages.map((each) => [each.name, each]));
  return workspace.packages.flatMap((owner) => {
    if (owner.floor === undefined) return [`${owner.folder}/package.json: expected one Nx tag floor:0 … floor:5`];
    return [...manifestComplaints(owner, byName), ...owner.sources.flatMap((source) => importComplaints(owner, source, byName))];
  });
}

function manifestComplaints(owner: Package, byName: ReadonlyMap<string, Package>): string[] {
  return Object.keys(owner.manifest.dependencies ?? {}).flatMap((name) => {
    const sibling = byName.get(name);
    if (sibling === undefined) return isMechanism(owner) ? [`${owner.folder}/package.json depends on ${name}, from outside the repository`] : [];
    return sibling.floor! < owner.floor! ? [] : [`${owner.folder}/package.json depends on ${name}, which is not below floor ${owner.floor}`];
  });
}

function importComplaints(owner: Package, source: Source, byName: ReadonlyMap<string, Package>): string[] {
  const isOurs = isShipped(source);
  const { dependencies = {}, devDependencies = {} } = owner.manifest;
  return importsOf(source).flatMap(({ specifier, node }) => {
    const where = `${source.at(node)} imports ${specifier}`;
    const name = packageOf(specifier);
    const sibling = name === undefined ? undefined : byName.get(name);
    if (sibling === undefined) {
      const isOutside = name !== undefined || specifier.startsWith("node:");
      return isOutside && isOurs && isMechanism(owner) ? [`${where}, from outside the repository`] : [];
    }
    if (sibling === owner) return isOurs ? [`${where}, itself: it is not built yet when it is built`] : [];
    if (isOurs && sibling.floor! >= owner.floor!) return [`${where}, which is not below floor ${owner.floor}`];
    if (sibling.floor! > owner.floor!) return [`${where}, which is above floor ${owner.floor}`];
    const isDeclared = sibling.name in dependencies || (!isOurs && sibling.name in devDependencies);
    return isDeclared ? [] : [`${where}, which its package.json does not name`];
  });
}

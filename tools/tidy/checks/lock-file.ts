import { readText, type Workspace } from "../workspace.ts";

interface LockedPackage {
  readonly resolved?: string;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/**
 * The lock file names no address, so that it serves whatever registry people use, and every optional dependency has its
 * entry: `npm install` leaves out those of other platforms that it cannot find, without a word, and then `npm ci` fails.
 */
export function lockFile(workspace: Workspace): string[] {
  if (!workspace.files.includes("package-lock.json")) return ["package-lock.json is missing"];
  const { packages } = JSON.parse(readText(workspace, "package-lock.json")) as { packages: Readonly<Record<string, LockedPackage>> };
  return Object.entries(packages).flatMap(([path, { resolved, link, optionalDependencies = {} }]) => {
    const address = resolved !== undefined && link !== true ? [`package-lock.json: ${path} names the address ${resolved}`] : [];
    const missing = Object.keys(optionalDependencies).filter((name) => !isFound(packages, path, name));
    return [...address, ...missing.map((name) => `package-lock.json: ${path} wants ${name}, which has no entry`)];
  });
}

/** As Node looks for it: in the package's own node_modules, then in those of the folders above. */
function isFound(packages: Readonly<Record<string, LockedPackage>>, path: string, name: string): boolean {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    if (Object.hasOwn(packages, `${folder === "" ? "" : `${folder}/`}node_modules/${name}`)) return true;
    if (folder === "") return false;
  }
}

export { contentOperationsConformance } from "./content-operations.ts";
export { frameSourceConformance } from "./frame-source.ts";

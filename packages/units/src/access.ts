/** A load. */
export const READ = 0;
/** A store. */
export const WRITE = 1;
/** An instruction fetch. */
export const EXEC = 2;

/** What an instruction wants of a page. */
export type Access = typeof READ | typeof WRITE | typeof EXEC;

/** A clock that only goes forward, in ns. */
export type Clock = () => number;

/** The host's. */
export const hostClock: Clock = () => performance.now() * 1e6;

/** Milliseconds since some moment: for rates and durations in reports. No verdict depends on it. */
export const now = (): number => performance.now();

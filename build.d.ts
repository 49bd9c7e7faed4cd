/** Set by the bundler: true in the build that the explorer suspends at every leaf, false in the one that runs. */
declare const __EXPLORE__: boolean;

// The sources run as they are here, without a bundler that would set this.
(globalThis as { __EXPLORE__?: boolean }).__EXPLORE__ ??= false;

"""`sampan bench`: figures of this machine, as ratios where they depend on it."""

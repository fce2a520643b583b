"""One file a loader: a small file in the real shape, and what must be read from it."""

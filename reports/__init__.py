"""From judged rows to the papers people read: one frozen packet, and one module a format."""

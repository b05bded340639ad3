"""One folder a protocol, both directions; no adapter imports another."""

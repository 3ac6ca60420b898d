"""The repository's own rules: what must be true of the tree whatever the code does."""

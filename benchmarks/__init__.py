"""Load programs. They measure; nothing here asserts."""

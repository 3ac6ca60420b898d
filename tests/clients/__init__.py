"""The outside, driven for real: AWS CLI v2 as a shell runs it, and Chromium as a person."""

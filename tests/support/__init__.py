"""What tests share: a real store with a clock that can be set."""

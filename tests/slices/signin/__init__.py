"""Sign-in on a real store."""

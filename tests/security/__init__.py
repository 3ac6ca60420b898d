"""What a stranger must not be able to do (DESIGN §8): each line of it, tried over HTTP."""

"""What `make` runs besides `genkan` itself: set-up of the machine, refreshing of shipped data."""

"""What the flows need from the outside world, as protocols of one to three methods."""

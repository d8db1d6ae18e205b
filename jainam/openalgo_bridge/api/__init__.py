"""What OpenAlgo calls to log in, trade, read and watch."""

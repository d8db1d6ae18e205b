"""Contracts, for the library and for OpenAlgo."""

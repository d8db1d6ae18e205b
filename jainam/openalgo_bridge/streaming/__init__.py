"""The live feed. Imports nothing here: OpenAlgo's proxy imports this package while it is itself being imported."""

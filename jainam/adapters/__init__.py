"""The outside world: HTTP libraries, databases, clocks, the environment, and the XTS protocol."""

"""jainam: trade through Jainam's prop desk and other XTS brokers, without doubled, lost or invented orders."""

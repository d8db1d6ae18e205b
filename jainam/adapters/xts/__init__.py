"""The XTS protocol of Symphony Fintech: requests, answers, the instrument master, and the brokers that speak it."""

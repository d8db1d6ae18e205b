"""What trading means here: values, rules and flows. Knows no HTTP, no clock, no file and no broker's spelling."""

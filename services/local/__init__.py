"""All four services on one machine. The only package that may import several services."""

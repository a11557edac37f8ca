"""What rules alone find in a message: pure functions of its words, and of a clock where they speak of time."""

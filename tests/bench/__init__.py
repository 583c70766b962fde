"""What the program costs, and how quick it is: see scripts/bench."""

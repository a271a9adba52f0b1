"""What the clinic's work costs, as ratios to references that are measured in the same run."""

"""What is kept of learners, what of it may leave the machine, and how it is shown, handed out and deleted."""

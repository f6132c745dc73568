"""What each page of the pack asks and commands."""

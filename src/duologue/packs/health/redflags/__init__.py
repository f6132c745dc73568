"""What must not wait: rules first, a classifier that only asks, and the escalation to its end."""

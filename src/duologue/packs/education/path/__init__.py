"""What to do next and why: the plan, its order, the first questions, the calendar."""

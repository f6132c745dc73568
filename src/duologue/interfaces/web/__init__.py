"""Pages, their modules and their words in two languages."""

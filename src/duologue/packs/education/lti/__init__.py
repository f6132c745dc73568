"""A learning platform opens the program (LTI 1.3): registrations, signed launches, signed grades sent back."""

"""What a class has beside the sample course: questions that were imported, and a course of its own."""

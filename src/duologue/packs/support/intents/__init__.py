"""What a message asks for and names: intents learned from examples, calibrated, with a sense of what lies outside."""

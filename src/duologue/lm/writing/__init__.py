"""What a trained model is asked: to write on, and how likely a text is."""

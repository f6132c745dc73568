"""How a message sounds, how satisfied a person is, and when a supervisor is told."""

"""From a dialogue to its facts, each with its turns."""

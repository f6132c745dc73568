"""Personal data found and taken out, without leaving the machine."""

"""One turn: guard → retrieve → think → act → guard → decide."""

"""How patients say things, English and Chinese: phrases as data, answers, negation, numbers. Knows no diagnosis."""

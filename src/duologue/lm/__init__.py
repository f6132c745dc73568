"""Language models: tokenizer, network, training, scoring. Runs without a database; imports nothing of ours but `kit`."""

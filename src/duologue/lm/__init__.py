"""Language models, from bytes to a chat model: text → nets → checkpoints → writing → training → vectors → judging.

Each folder imports only those before it. Runs without a database; imports nothing of ours but `kit`.
"""

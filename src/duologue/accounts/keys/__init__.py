"""Keys for programs that ask the models over /v1: what they are good for, how often they may ask, and revoking them."""

"""The networks: a decoder-only Transformer and a recurrent pair with attention, and the products they are made of."""

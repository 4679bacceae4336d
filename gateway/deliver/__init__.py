"""Handing sealed packages over to whoever keeps them."""

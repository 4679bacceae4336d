"""Stalenstraat: the program in the street cabinet, and boards without hardware."""

"""What the public and the authority are told: sign, public information, register entry, impact assessment.

All of it is made from the configuration that the gateway runs with, so that none of it can contradict it.
"""

"""The page that a browser on the gateway's own computer shows: figures, states and the table of clips.

It reads `status()` and nothing else: it changes nothing, and has no sound, picture or package to give.
"""

"""What both kinds of board share, and the wire that they share with the gateway."""

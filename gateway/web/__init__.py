"""The page of a running gateway: what it hears, what it keeps, what is wrong. Figures only."""

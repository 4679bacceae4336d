"""From the bytes of a sensor clip and a camera clip to the parts of a package."""

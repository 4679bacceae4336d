"""What the gateway holds on its disk: clips on their way, and the packages made of them."""

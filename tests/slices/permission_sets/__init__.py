"""Permission sets and the policies attached to them."""

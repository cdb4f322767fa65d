"""How goods cross borders: claims, duties, and plants on the way to complying."""

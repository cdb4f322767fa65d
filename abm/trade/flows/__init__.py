"""What plants make, ship and buy, added up, and the certificates that travel along."""

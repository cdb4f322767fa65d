"""The instruments of policy, one a file: what a scenario may say, and what it does to a regime."""

"""Many runs: what is varied, who runs it, where results go, what they say."""

"""Who changes the law: what governments see, the rules they act by, and what is in force."""

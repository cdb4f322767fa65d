"""What a run leaves on the disk: folders, checkpoints, failures, and where results come from."""

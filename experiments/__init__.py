"""What a researcher does with the model: scenarios, runs, results."""

"""What a sweep says: means, differences and indices, as tables, figures and a report."""

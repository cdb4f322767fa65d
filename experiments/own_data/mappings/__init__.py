"""Whose labels mean which regions and sectors: one small CSV a classification."""

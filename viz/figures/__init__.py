"""Figures and film for paper: tables in, picture out."""

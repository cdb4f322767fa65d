"""The parameters that the model is shipped with, fitted to figures that were observed."""

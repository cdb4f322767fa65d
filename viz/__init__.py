"""What a person sees: figures, and one colour a country in all of them."""

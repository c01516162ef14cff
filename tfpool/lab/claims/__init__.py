"""One module a claim. Its docstring was written before its results, and says what would overturn them."""

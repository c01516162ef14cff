"""The Train page: the controls of a recipe (`recipe_controls`), and runs (`run_cards`) with their buttons."""

"""The Train page: the controls of a recipe, and the cards of runs with their buttons.

Training itself is in `tfpool.training`. Others use `run_cards` and `recipe_controls`.
"""

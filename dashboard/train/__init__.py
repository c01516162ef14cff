"""The Train page: the recipe's controls, and the cards of runs with their buttons.

Training itself is in `tfpool.training`. Others use `run_cards` and `recipe_controls`.
"""

"""From image files and saved models to answers: `classifier` for class probabilities, `explain_files` for maps.

The maps themselves are in `cam`, saved models are opened by `models.loading`. Other packages use `Classifier`.
"""

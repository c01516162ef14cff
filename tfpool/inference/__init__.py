"""From image files and saved models to answers: `classifier` for class probabilities, `explain_files` for maps.

`portable_model` writes classifiers as files for other programs. The maps themselves are in `cam`, saved models are
opened by `models.loading`. Other packages use `Classifier`.
"""

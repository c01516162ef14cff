"""From image files and saved models to answers: classify a file (`classifier`), explain files (`explain_files`).

The maps themselves are in `cam`, opening a saved model is in `models.loading`. Others use `Classifier`.
"""

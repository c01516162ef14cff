"""The structure of any Keras model: its flat graph (`unfold`), and where its head begins (`split`).

Maps and counts are computed elsewhere. Others use `split.split_model`.
"""

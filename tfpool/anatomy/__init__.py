"""The structure of any Keras model: its graph laid flat (`unfold`), and where the head begins (`split`).

Maps and counts are computed elsewhere. Others use `split.split_model`.
"""

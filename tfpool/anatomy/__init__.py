"""The structure of any Keras model: its graph laid flat (`unfold`), and where features end and the head begins (`split`).

Maps and counts are computed elsewhere. Others use `split.split_model`.
"""

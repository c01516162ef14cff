"""What stands before a tensor, and what is connected with it, in a Keras graph that is no model yet."""

import keras
from keras import layers

from tfpool.anatomy.surroundings import channels_first_layer, names_before, names_connected


def test_names_before_leave_out_other_branches_and_names_connected_have_them() -> None:
    image = keras.Input((8, 8, 3), name="image")
    stem = layers.Conv2D(4, 3, name="stem")
    x = stem(image)
    left, right = layers.ReLU(name="left")(x), layers.MaxPooling2D(name="right")(x)
    after = layers.Flatten(name="after")(left)
    other = keras.Input((8, 8, 3), name="other")
    assert names_before(left) == {"image", "stem", "left"}
    assert names_connected(right) == {"image", "stem", "left", "right", "after"} == names_connected(after)
    assert names_connected(other) == {"other"}
    # A layer that is called twice connects both graphs; the first call does not depend on the second.
    layers.ReLU(name="shared")(stem(other))
    assert names_before(left) == {"image", "stem", "left"}
    assert names_connected(right) >= {"other", "shared"}


def test_a_tensor_outside_of_any_graph_has_no_names() -> None:
    tensor = keras.KerasTensor((None, 4, 4, 3))
    assert names_before(tensor) == names_connected(tensor) == set()
    assert channels_first_layer(tensor) is None


def test_a_map_has_the_order_of_the_nearest_layer_that_reads_maps() -> None:
    x = layers.Conv2D(4, 3, data_format="channels_first", name="first")(keras.Input((3, 16, 16)))
    assert channels_first_layer(layers.Dropout(0.5)(x)) == "first"
    turned = keras.ops.transpose(x, (0, 2, 3, 1))
    assert channels_first_layer(turned) is None
    assert channels_first_layer(layers.MaxPooling2D()(layers.ReLU()(turned))) is None
    inside = keras.Input((4, 14, 14))
    turning = keras.Model(inside, layers.Permute((2, 3, 1))(inside))
    assert channels_first_layer(turning(x)) is None

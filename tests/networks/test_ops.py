import dataclasses
import inspect

import numpy as np
import pytest

from tfpool.networks import graph, ops
from tfpool.networks.graph import Op
from tfpool.networks.ops import Conv2D, Dense, Elementwise, MaxPooling2D, ZeroPadding2D, image_input


def all_ops() -> list[type[Op]]:
    classes, pending = [], [Op]
    while pending:
        subclasses = pending.pop().__subclasses__()
        pending += subclasses
        classes += [op for op in subclasses if dataclasses.is_dataclass(op)]
    return classes


def test_an_op_without_a_rule_for_macs_cannot_be_made() -> None:
    class Mystery(Op):
        def output_shape(self, *inputs: graph.Shape) -> graph.Shape:
            return inputs[0]

        def params(self, *inputs: graph.Shape) -> int:
            return 0

    with pytest.raises(TypeError, match="macs_per_position"):
        Mystery()


def test_convolution_counts_by_hand() -> None:
    conv = Conv2D(16, 3, strides=2, padding="same")
    assert conv.output_shape((7, 8, 5)) == (4, 4, 16)
    assert conv.params((7, 8, 5)) == 3 * 3 * 5 * 16 + 16
    assert conv.macs_per_position((7, 8, 5)) == 3 * 3 * 5 * 16
    assert conv.macs((4, 4, 16), (7, 8, 5)) == 4 * 4 * 3 * 3 * 5 * 16
    assert Conv2D(16, 3).macs((None, None, 16), (None, None, 5)) is None
    assert Conv2D(16, 3, padding="valid").output_shape((7, 8, 5)) == (5, 6, 16)
    assert Conv2D(16, 3).output_shape((None, None, 5)) == (None, None, 16)


@pytest.mark.parametrize(
    "op",
    [
        ops.Conv2D(6, (3, 1), strides=(2, 1), padding="same", groups=2),
        ops.Conv2D(6, (1, 5), dilation_rate=(1, 2)),
        ops.DepthwiseConv2D((3, 2), dilation_rate=2, depth_multiplier=3),
        ops.SeparableConv2D(5, 3, strides=2, depth_multiplier=2, use_bias=False),
        ops.Conv2DTranspose(3, 4, strides=2, padding="same"),
        ops.Conv2DTranspose(3, (2, 5), strides=(3, 2)),
        ops.AveragePooling2D((2, 3), strides=(1, 2), padding="same"),
        ops.UpSampling2D((2, 3)),
        ops.Cropping2D(((1, 2), (0, 3))),
        ops.Dense(7, use_bias=False),
    ],
    ids=str,
)
@pytest.mark.parametrize("shape", [(13, 17, 4), (12, 16, 4)], ids=str)
def test_shapes_and_weights_are_those_of_the_keras_layer(op: Op, shape: tuple[int, int, int]) -> None:
    import keras

    layer = getattr(keras.layers, op.layer)(**op.arguments)
    output = layer(keras.Input(shape))
    assert op.output_shape(shape) == output.shape[1:]
    assert op.params(shape) == layer.count_params()


@pytest.mark.parametrize(
    "op",
    [
        ops.Conv2D(6, (3, 1), strides=(2, 1), groups=2, use_bias=False),
        ops.DepthwiseConv2D(3, dilation_rate=2, depth_multiplier=3, use_bias=False),
        ops.Conv2DTranspose(3, (2, 3), strides=(3, 2), use_bias=False),
        ops.Dense(7, use_bias=False),
    ],
    ids=str,
)
def test_a_layer_of_ones_counts_its_own_multiply_adds(op: Op) -> None:
    import keras

    # Without padding, with inputs and weights of one, the sum of the output is the number of products.
    layer = getattr(keras.layers, op.layer)(**op.arguments)
    layer.build((1, 13, 17, 4))
    layer.set_weights([np.ones_like(weight) for weight in layer.get_weights()])
    output = layer(np.ones((1, 13, 17, 4), np.float32)).numpy()
    assert op.macs(output.shape[1:], (13, 17, 4)) == output.sum()


def test_groups_that_do_not_divide_the_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="groups=3"):
        Conv2D(6, 3, groups=3)(image_input((8, 8, 5)), name="conv")


def test_channels_first_padding_pads_the_channels() -> None:
    assert ZeroPadding2D(((0, 0), (8, 8)), data_format="channels_first").output_shape((4, 4, 16)) == (4, 4, 32)
    assert ZeroPadding2D(((1, 2), (3, 4))).output_shape((4, None, 16)) == (7, None, 16)


@pytest.mark.parametrize("axis", [1, 2, -1])
def test_concatenate_joins_along_the_axis_that_keras_means(axis: int) -> None:
    import keras

    shapes = [(4, 5, 6), (4, 5, 6)]
    shapes[1] = tuple(size + 3 if place == axis % 4 - 1 else size for place, size in enumerate(shapes[0]))  # type: ignore[assignment]
    output = keras.layers.Concatenate(axis)([keras.Input(shape) for shape in shapes])
    assert ops.Concatenate(axis).output_shape(*shapes) == output.shape[1:]
    with pytest.raises(ValueError, match="Concatenate"):
        ops.Concatenate(axis).output_shape((4, 5, 6), (9, 9, 9))


def test_two_layers_with_the_same_name_are_refused() -> None:
    image = image_input((8, 8, 3))
    Dense(2)(image, name="scores")
    with pytest.raises(ValueError, match="scores"):
        Dense(2)(image, name="scores")


def test_a_map_that_would_vanish_names_the_layer() -> None:
    with pytest.raises(ValueError, match=r"pool.* 1×1×3"):
        MaxPooling2D(2)(image_input((1, 1, 3)), name="pool")


def test_add_refuses_shapes_that_differ() -> None:
    image = image_input((8, 8, 3))
    smaller = MaxPooling2D(2)(image, name="pool")
    with pytest.raises(ValueError, match="8×8×3, 4×4×3"):
        ops.Add()(image, smaller, name="add")


@pytest.mark.parametrize("op", all_ops(), ids=lambda op: op.__name__)
def test_an_op_is_named_like_its_keras_layer_and_has_its_arguments_and_defaults(op: type[Op]) -> None:
    import keras

    from tfpool import layers

    layer = getattr(keras.layers, op.__name__, None) or getattr(layers, op.__name__)
    theirs = inspect.signature(layer.__init__).parameters
    for field in dataclasses.fields(op):
        assert field.name in theirs
        if field.default is not dataclasses.MISSING:
            default = theirs[field.name].default
            # Keras writes a value for both axes or all four sides as a tuple.
            assert field.default == (default[0] if isinstance(default, tuple) else default)


def test_only_named_ops_are_free_of_arithmetic() -> None:
    free = {op.__name__ for op in all_ops() if issubclass(op, ops.Weightless)}
    convolutions = {"Conv2D", "Conv2DTranspose", "DepthwiseConv2D", "SeparableConv2D"}
    with_weights = convolutions | {"Dense", "BatchNormalization", "Normalization"}
    assert with_weights == {op.__name__ for op in all_ops()} - free
    keeping = {"Activation", "Dropout", "Rescaling", "Add", "Multiply"}
    assert keeping == {op.__name__ for op in all_ops() if issubclass(op, Elementwise)}

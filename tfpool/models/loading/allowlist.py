"""The classes and names of Keras that a saved model may consist of: those of image classifiers.

None of these classes runs code from its arguments. A list of forbidden classes would miss what Keras adds next.
"""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


LAYERS = _names("""
    InputLayer Identity Activation ReLU LeakyReLU PReLU ELU Softmax
    Dense EinsumDense Conv1D Conv2D Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose
    SeparableConv1D SeparableConv2D DepthwiseConv1D DepthwiseConv2D
    AveragePooling1D AveragePooling2D AveragePooling3D MaxPooling1D MaxPooling2D MaxPooling3D
    GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D
    GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D
    AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D
    AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D
    BatchNormalization LayerNormalization GroupNormalization RMSNormalization UnitNormalization
    Add Subtract Multiply Average Maximum Minimum Concatenate Dot
    Flatten Reshape Permute Cropping1D Cropping2D Cropping3D ZeroPadding1D ZeroPadding2D ZeroPadding3D
    UpSampling1D UpSampling2D UpSampling3D
    Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D AlphaDropout GaussianDropout GaussianNoise
    ActivityRegularization
    Attention AdditiveAttention MultiHeadAttention GroupQueryAttention
    Rescaling Normalization Resizing CenterCrop
    AugMix AutoContrast CutMix Equalization MixUp RandAugment RandomBrightness RandomColorDegeneration
    RandomColorJitter RandomContrast RandomCrop RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur
    RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSaturation
    RandomSharpness RandomShear RandomTranslation RandomZoom Solarization
""")
MODELS = _names("Functional Model Sequential")
INITIALIZERS = _names("""
    Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity LecunNormal LecunUniform Ones Orthogonal
    RandomNormal RandomUniform TruncatedNormal VarianceScaling Zeros
""")
REGULARIZERS = _names("L1 L1L2 L2 OrthogonalRegularizer")
CONSTRAINTS = _names("MaxNorm MinMaxNorm NonNeg UnitNorm")
OURS = "tfpool>GeneralizedMeanPooling2D"

CLASSES = {
    "keras": MODELS | {"DTypePolicy"},
    "keras.models": MODELS,
    "keras.src.models.functional": _names("Functional"),
    "keras.layers": LAYERS,
    "keras.initializers": INITIALIZERS,
    "keras.regularizers": REGULARIZERS,
    "keras.constraints": CONSTRAINTS,
    "keras.dtype_policies": _names("DTypePolicy"),
    "keras.random": _names("SeedGenerator"),
    # The ops of a graph with arithmetic between layers.
    "keras.src.ops.core": _names("Cast StopGradient"),
    "keras.src.ops.image": _names("Resize"),
    "keras.src.ops.nn": _names("""
        Relu Relu6 LeakyRelu Elu Selu Celu Gelu Silu HardSilu Sigmoid HardSigmoid LogSigmoid HardTanh Softplus Softsign
        Softmax LogSoftmax Normalize AveragePool MaxPool DepthToSpace SpaceToDepth
    """),
    "keras.src.ops.numpy": _names("""
        Absolute Add Clip Concatenate Divide Exp ExpandDims Flip GetItem Log Matmul Max Maximum Mean Min Minimum
        Moveaxis Multiply Negative Pad Power Reciprocal Reshape Sqrt Square Squeeze Stack Std Subtract Sum Swapaxes
        Tanh Transpose TrueDivide Var
    """),
    # Layers that networks of keras.applications define for themselves.
    "keras.src.applications.convnext": _names("LayerScale StochasticDepth"),
    "keras.src.applications.inception_resnet_v2": _names("CustomScaleLayer"),
    "tfpool.layers": _names("GeneralizedMeanPooling2D"),
    # Objects in older files and in every `.h5`, which do not name their module.
    "": LAYERS | MODELS | INITIALIZERS | REGULARIZERS | CONSTRAINTS | {OURS},
}
"""Classes, by the module that a file names for them."""

MARKS = _names("__keras_tensor__ __tensor__ __numpy__ __slice__ __ellipsis__ TensorShape")
"""What Keras writes in the form of an object: a tensor's place in the graph, an array of numbers, a slice."""

CODE_RUNNERS = _names("Lambda TFSMLayer JaxLayer FlaxLayer TorchModuleWrapper __lambda__ function")
"""Classes that can run code. They are on no list and refused anyway; this list only makes the error clearer."""

POLICIES = _names("bfloat16 float16 float32 float64 mixed_bfloat16 mixed_float16")

NAMES = {
    "activation": _names("""
        celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear
        log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus
        sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink threshold
    """),
    "initializer": INITIALIZERS
    | _names("""
        constant glorot_normal glorot_uniform he_normal he_uniform identity lecun_normal lecun_uniform ones orthogonal
        random_normal random_uniform truncated_normal variance_scaling zeros
    """),
    "regularizer": REGULARIZERS | _names("l1 l1_l2 l2 orthogonal_regularizer"),
    "constraint": CONSTRAINTS | _names("max_norm min_max_norm non_neg unit_norm"),
    "dtype": POLICIES | _names("bool int8 int16 int32 int64 uint8 uint16 uint32 uint64"),
}
"""Plain names that Keras looks up, by the ending of the setting that they stand in."""

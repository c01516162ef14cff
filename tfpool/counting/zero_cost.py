"""Names of the layers and ops of Keras that multiply and sum nothing: zero multiply-adds by the convention of `rules`.

They are written out, so that an op of a later Keras is unknown rather than taken for zero. What only training does
(augmentation, dropout, spectral normalization) counts as zero too: counts are of inference.
"""

LAYERS_KEEPING = """
Activation ActivityRegularization Add AlphaDropout Average BatchNormalization Concatenate Cropping1D Cropping2D
Cropping3D CustomScaleLayer Dropout ELU GaussianDropout GaussianNoise GroupNormalization Identity
LayerNormalization LayerScale LeakyReLU Masking Maximum Minimum Multiply Normalization PReLU ReLU RMSNormalization
Rescaling Softmax SpatialDropout1D SpatialDropout2D SpatialDropout3D StochasticDepth Subtract UnitNormalization
ZeroPadding1D ZeroPadding2D ZeroPadding3D
AutoContrast RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomErasing
RandomGrayscale RandomHue RandomInvert RandomPosterization RandomSaturation Solarization
"""
"""Layers that keep positions in place."""

LAYERS_MIXING = """
AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D
AdaptiveMaxPooling2D AdaptiveMaxPooling3D Flatten GeneralizedMeanPooling2D GlobalAveragePooling1D
GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D
Permute RepeatVector Reshape
CategoryEncoding Discretization Embedding HashedCrossing Hashing IntegerLookup StringLookup TextVectorization
AugMix CenterCrop ContrastLimitedAdaptiveHistogramEqualization CutMix Equalization MaxNumBoundingBoxes MixUp
RandAugment RandomCrop RandomElasticTransform RandomFlip RandomGaussianBlur RandomPerspective RandomRotation
RandomSharpness RandomShear RandomTranslation RandomZoom Resizing
"""
"""Layers that mix or move positions, or look values up."""

OPS_KEEPING = """
Abs Absolute Add Angle Arccos Arccosh Arcsin Arcsinh Arctan Arctan2 Arctanh BatchNorm BitwiseAnd BitwiseInvert
BitwiseLeftShift BitwiseNot BitwiseOr BitwiseRightShift BitwiseXor Cast Cbrt Ceil Celu Clip Concatenate Conj
Conjugate ConvertToTensor Copy Cos Cosh Deg2rad Digitize Divide DivideNoNan Elu EmptyLike Equal Erf Erfc Erfinv
Exp Exp2 Expm1 Fabs Floor FloorDivide Fmax Fmin Fmod FullLike Gcd Gelu Glu Greater GreaterEqual HSVToRGB HardShrink
HardSigmoid HardSilu HardTanh Heaviside Hypot I0 Imag IsIn Isclose Isfinite Isinf Isnan Isneginf Isposinf Isreal
LayerNorm Lcm Ldexp LeakyRelu LeftShift Less LessEqual Log Log10 Log1p Log2 LogSigmoid LogSoftmax Logaddexp
Logaddexp2 LogicalAnd LogicalNot LogicalOr LogicalXor Maximum Minimum Mod MultiHot Multiply NanToNum Negative
Nextafter Normalize NotEqual OneHot OnesLike Pad PadImages Polar Power RGBToHSV RMSNorm Rad2deg Real Reciprocal
Relu Relu6 RightShift Round Rsqrt SaturateCast Selu Sigmoid Sign Signbit Silu Sin Sinc Sinh SoftShrink Softmax
Softplus Softsign SparsePlus SparseSigmoid Sparsemax Sqrt Square Squareplus StopGradient Subtract Tan Tanh
TanhShrink Threshold TrueDivide Trunc ViewAsComplex ViewAsReal Where ZerosLike
"""
"""Ops that keep positions in place."""

OPS_MIXING = """
AdaptiveAveragePool AdaptiveMaxPool AffineTransform All AllClose Amax Amin Any Append Arange Argmax Argmin
Argpartition Argsort Array ArraySplit Average AveragePool BinaryCrossentropy Bincount BroadcastTo
CategoricalCrossentropy CountNonzero CropImages Cross Cumprod Cumsum DepthToSpace Diag Diagflat Diagonal Diff
Dsplit Dstack ExpandDims ExtractPatches ExtractSequences Flip Fliplr Flipud Fold Full Geomspace GetItem Histogram
Hsplit Hstack InTopK Kron Linspace Logspace Logsumexp MapCoordinates Max MaxPool Mean Median Meshgrid Min Moments
Moveaxis Nanargmax Nanargmin Nancumprod Nancumsum Nanmax Nanmean Nanmedian Nanmin Nanpercentile Nanprod
Nanquantile Nanstd Nansum Nanvar Ndim Nonzero Norm Outer PSNR Percentile PerspectiveTransform Prod Ptp Quantile
Ravel Rearrange Repeat Reshape Resize Roll Rot90 Scatter ScatterUpdate SearchSorted SegmentMax SegmentMin
SegmentProd SegmentSum Select Size Slice SliceUpdate Sort SpaceToDepth SparseCategoricalCrossentropy Split Squeeze
Stack Std Sum Swapaxes Take TakeAlongAxis Tile TopK Trace Transpose Trapezoid Tril Triu Unfold Unique UnravelIndex
Unstack Vander Var View Vsplit Vstack
"""
"""Ops that mix or move positions, or look values up."""

"""Networks up to their last convolution, each written once as a function over `tfpool.networks.graph`."""

"""What the page Inside shows: how the feature maps of one image become a score, layer by layer and map by map."""

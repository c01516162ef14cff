"""The Data page: adding one's own images, and work with a progress bar and a Stop button (`own_images`)."""

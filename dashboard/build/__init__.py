"""The Build page: the diagram of a network (`network_diagram`), and two heads side by side (`head_comparison`)."""

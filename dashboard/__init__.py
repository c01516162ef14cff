"""What the pages share: header, choices, charts, jobs. Knows Streamlit; `tfpool` does not."""

# Here, whole and by one thread: pages of two sessions that load parts of one package at the same time would each wait
# for the other, which Python answers with an error (https://github.com/python/cpython/issues/82272).
import tfpool.data
import tfpool.lab
import tfpool.models.pretrained
import tfpool.training  # noqa: F401

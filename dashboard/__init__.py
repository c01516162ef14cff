"""The dashboard's own code: one folder per page, `common` for what several pages share. Knows Streamlit.

The page scripts are in `pages/`, the library in `tfpool/`. Add a page in `pages/` and in `common.page.PAGES`.
"""

# Here, whole and by one thread: pages of two sessions that load parts of one package at the same time would each wait
# for the other, which Python answers with an error (https://github.com/python/cpython/issues/82272).
import tfpool.data
import tfpool.lab
import tfpool.models.pretrained
import tfpool.training  # noqa: F401

"""The control that takes a model of one's own, with the names of its classes as a file or typed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from dashboard.cam import uploaded_model
from dashboard.cam.uploaded_model import MOST_MB, UploadedModel
from dashboard.common.background_work import run_in_background
from dashboard.common.page import message_of, plain
from dashboard.common.uploads import taken

_UPLOADS, _ERROR = "own_model_uploads", "own_model_error"
_MOST_TEXT = 500_000
_HELP = (
    "A model that Keras saved with model.save(). It is opened only if all of its layers are Keras's own, and no code "
    "in it runs. Add a text file with one class name per line, if you have one"
)


def show(page: str, others: Collection[str], choose: Callable[[str], None]) -> dict[str, None]:
    """Offer an upload, and return the name of the session's model, if any. `choose` gets that of one that just arrived.

    As in `model_picker.choices`, no run belongs to the name, which is none of `others`. Keys begin with `page`.
    """
    own = uploaded_model.of_session()
    uploads = st.session_state.get(_UPLOADS, 0)
    with st.expander("Upload a model", icon=":material/upload_file:"):
        files = st.file_uploader(
            f"A .keras or .h5 file, up to {MOST_MB} MB",
            ["keras", "h5", "hdf5", "txt"],
            accept_multiple_files=True,
            max_upload_size=MOST_MB,
            key=f"{page}_own_model_{uploads}",
            help=_HELP,
        )
        if files:
            own = _take(files, others, own, choose)
            # With another key the uploader is empty, and the names below are those of this upload.
            st.session_state[_UPLOADS] = uploads + 1
            st.rerun()
        if own:
            _ask_for_names(page, own, f"{page}_own_names_{uploads}")
        st.caption("Only you see an uploaded model, and only while this page is open. No link holds it.")
    if error := st.session_state.pop(_ERROR, None):
        st.error(error)
    return {own.name: None} if own else {}


def _take(
    files: Sequence[UploadedFile], others: Collection[str], own: UploadedModel | None, choose: Callable[[str], None]
) -> UploadedModel | None:
    """Open the last model among the files, and read the names of its classes."""
    uploads = taken(files)
    texts = [upload for upload in uploads if upload.name.lower().endswith(".txt")]
    models = [upload for upload in uploads if upload not in texts]
    names = uploaded_model.read_class_names(texts[-1].content.decode(errors="replace")) if texts else ()
    if not models:
        if own:
            uploaded_model.rename_classes(names)
        else:
            st.session_state[_ERROR] = "Class names need a model. Upload both files together."
        return own
    upload = models[-1]
    if upload.name in others:
        upload = upload._replace(name=f"{upload.name} (uploaded)")
    place = st.empty()
    try:
        uploaded = run_in_background(
            partial(uploaded_model.read_model, upload, names),
            lambda seconds: place.caption(f"Opening {plain(upload.name)}: {seconds:.0f} s"),
        )
    except ValueError as error:
        st.session_state[_ERROR] = message_of(error)
        return own
    uploaded_model.hold(uploaded)
    choose(uploaded.name)
    return uploaded


def _ask_for_names(page: str, own: UploadedModel, key: str) -> None:
    def rename() -> None:
        uploaded_model.rename_classes(uploaded_model.read_class_names(st.session_state[key]))

    st.text_area(
        "Class names, one per line",
        "\n".join(own.class_names),
        key=key,
        max_chars=_MOST_TEXT,
        on_change=rename,
        placeholder="cat\ndog",
    )

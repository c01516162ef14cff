"""The control that takes a model of one's own, with the names of its classes as a file or typed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from dashboard.cam import model_picker, uploaded_model
from dashboard.cam.uploaded_model import MOST_MB, UploadedModel
from dashboard.common.background_work import run_in_background
from dashboard.common.page import message_of, plain
from dashboard.common.uploads import taken
from dashboard.server.sharing import most_upload
from tfpool.tracking.store import Run

_UPLOADS, _ERROR = "own_model_uploads", "own_model_error"
_MOST_TEXT = 500_000
_HELP = (
    "A model that Keras saved with model.save(). It is opened only if all of its layers are Keras's own, and no code "
    "in it runs. Add a text file with one class name per line, if you have one"
)


def offer(
    page: str, key: str, stored: Mapping[str, Run | None], notes: DeltaGenerator, choose: Callable[[str], None]
) -> tuple[list[str], dict[str, Run | None]]:
    """Offer an upload, beside the models that all see.

    Args:
        page: what keys of controls begin with.
        key: of the control that chooses among the models.
        stored: names of the models that all see, with their runs.
        notes: where to name models of the address that are not here.
        choose: gets the name of a model that has just arrived, which is none of `stored`.

    Returns:
        The names of the session's own models, at most one, and those of all models with their runs, own ones first.
    """
    own = _control(page, stored, choose)
    names = [own.name] if own else []
    models = {**dict.fromkeys(names), **stored}
    with notes:
        model_picker.warn_of_absent(key, models)
    return names, models


def _control(page: str, others: Collection[str], choose: Callable[[str], None]) -> UploadedModel | None:
    own = uploaded_model.of_session()
    uploads = st.session_state.get(_UPLOADS, 0)
    with st.expander("Upload a model", icon=":material/upload_file:"):
        files = st.file_uploader(
            f"A .keras or .h5 file, up to {most_upload(MOST_MB)} MB",
            ["keras", "h5", "hdf5", "txt"],
            accept_multiple_files=True,
            max_upload_size=most_upload(MOST_MB),
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
    return own


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

"""What the pages share: header, choices, charts, jobs. Knows Streamlit; `tfpool` does not."""

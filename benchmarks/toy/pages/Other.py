"""Another such page, with a slider."""

import plotly.graph_objects as go
import streamlit as st

st.sidebar.page_link("app.py", label="app")
st.sidebar.page_link("pages/Other.py", label="Other")
st.title("Other")
height = st.slider("Height", 1, 100, 10)
st.markdown(f"The height is {height}.")
st.plotly_chart(go.Figure(go.Scatter(x=[1, 2, 3], y=[1, 4, height])))

"""As little as a page with a chart can be, under the dashboard's settings: what Streamlit takes by itself."""

import plotly.graph_objects as go
import streamlit as st

st.sidebar.page_link("app.py", label="app")
st.sidebar.page_link("pages/Other.py", label="Other")
st.title("Home")
st.plotly_chart(go.Figure(go.Scatter(x=[1, 2, 3], y=[1, 4, 9])))

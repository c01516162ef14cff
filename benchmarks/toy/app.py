"""As little as a page with a chart can be: what Streamlit and Plotly take by themselves."""

import plotly.graph_objects as go
import streamlit as st

st.title("Home")
st.plotly_chart(go.Figure(go.Scatter(x=[1, 2, 3], y=[1, 4, 9])))

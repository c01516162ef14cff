"""What stands between the network and Streamlit: who may connect, who a visitor is, and how much they may send.

Streamlit finds `app` in app.py, and runs this as middleware before its own.
"""

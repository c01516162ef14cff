"""The dashboard: `app` is what `streamlit run app.py` serves. Streamlit runs this file again as the page Home."""

if __name__ == "__main__":
    from dashboard.home import home_page

    home_page.show()
else:
    from streamlit.starlette import App

    from dashboard.server import serving

    app = App(__file__, middleware=serving.middleware(), lifespan=serving.lifespan)

# The dashboard on CPUs, served to others: docs/serving.md, "In a container".
FROM python:3.13-slim AS packages
WORKDIR /packages
COPY requirements.txt ./
# On PCs, tensorflow-cpu is the same TensorFlow without what drives GPUs, and less than half as large.
RUN if [ "$(uname -m)" = x86_64 ]; then sed -i 's/^tensorflow==/tensorflow-cpu==/' requirements.txt; fi \
    && python -m venv /opt/tfpool \
    && /opt/tfpool/bin/pip install --no-cache-dir --no-deps --requirement requirements.txt

FROM python:3.13-slim
COPY --from=packages /opt/tfpool /opt/tfpool
WORKDIR /app
COPY app.py ./
COPY .streamlit/config.toml .streamlit/
COPY scripts/serve.py scripts/
COPY pages pages
COPY dashboard dashboard
COPY tfpool tfpool
# 1000 is the user that Hugging Face Spaces runs containers as.
RUN useradd --uid 1000 --create-home tfpool \
    && /opt/tfpool/bin/python -m compileall -q . \
    && mkdir /data \
    && chown tfpool /data
USER 1000
ENV PATH="/opt/tfpool/bin:$PATH" \
    TFPOOL_STORE=/data/runs \
    TFPOOL_DATASETS=/data/images \
    KERAS_HOME=/data/keras \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0 \
    STREAMLIT_SERVER_HEADLESS=true
VOLUME /data
EXPOSE 8501
HEALTHCHECK --start-period=60s --timeout=10s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8501/_stcore/health')"]
CMD ["python", "scripts/serve.py"]

# syntax=docker/dockerfile:1
# Frontdesk in one image: `serve` by default, `worker` and every other command by name.
# The models are in packages, so that a container needs no network but its stores and its providers.

FROM python:3.11-slim-bookworm AS build
# A CPU build of torch, a tenth of the size of the default one. Empty it to take the package index's own build.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN ["python", "-m", "venv", "/opt/frontdesk"]
WORKDIR /src
# The dependencies first: a change in our own code builds on this layer.
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE ./
RUN mkdir agent channels evals knowledge memory \
 && /opt/frontdesk/bin/pip install --constraint constraints.txt ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} . \
 && /opt/frontdesk/bin/pip uninstall --yes frontdesk
COPY agent agent
COPY channels channels
COPY evals evals
COPY knowledge knowledge
COPY memory memory
RUN ["/opt/frontdesk/bin/pip", "install", "--no-deps", "."]

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="Frontdesk" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --system --gid 10001 frontdesk \
 && useradd --system --uid 10001 --gid frontdesk --home-dir /data --no-create-home --shell /usr/sbin/nologin frontdesk \
 && install --directory --owner=frontdesk --group=frontdesk /data /data/data
COPY --from=build /opt/frontdesk /opt/frontdesk
# Nothing is fetched at run time: not models, not public-suffix lists, not token tables, not telemetry.
ENV PATH=/opt/frontdesk/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONFAULTHANDLER=1 \
    HF_HUB_OFFLINE=1 \
    HF_HUB_DISABLE_TELEMETRY=1 \
    TRANSFORMERS_OFFLINE=1 \
    TOKENIZERS_PARALLELISM=false \
    LANGSMITH_TRACING=false
USER frontdesk
# The working folder: relative paths of the configuration ("data/frontdesk.db") are below it.
WORKDIR /data
VOLUME ["/data"]
EXPOSE 8000
# A minute to load the models on a slow machine before a failed check counts.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["frontdesk"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]

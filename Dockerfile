# One image a service: docker build --target ledger --tag pmm-ledger .
#
# Each holds the interpreter, PMM and the packages of that service's extra, and nothing else. It runs as user 10001,
# needs no shell, and writes nowhere but in /data and /tmp, so that its root can be read-only.

ARG PYTHON=python:3.12.12-slim-bookworm

FROM ${PYTHON} AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
COPY LICENSE README.md constraints.txt pyproject.toml setup.py ./
COPY clients/python clients/python
COPY services services
RUN pip wheel --no-deps --wheel-dir /wheels ./clients/python .
RUN python -m venv --without-pip /opt/pmm
ENV PIP_PYTHON=/opt/pmm/bin/python PIP_CONSTRAINT=/source/constraints.txt
# Below, wheels stand by their file names: a package index must have no say in what pmm-client is.

FROM builder AS ledger-packages
RUN pip install /wheels/pmm_client-*.whl "$(echo /wheels/persistent_mind-*.whl)[ledger]"

FROM builder AS memory-packages
RUN pip install /wheels/pmm_client-*.whl "$(echo /wheels/persistent_mind-*.whl)[memory]"

FROM builder AS inference-packages
RUN pip install /wheels/pmm_client-*.whl "$(echo /wheels/persistent_mind-*.whl)[inference]"

FROM builder AS orchestrator-packages
RUN pip install /wheels/pmm_client-*.whl "$(echo /wheels/persistent_mind-*.whl)[orchestrator]"

FROM ${PYTHON} AS runtime
RUN groupadd --gid 10001 pmm \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin pmm \
    && install --directory --owner pmm --group pmm --mode 0700 /data
ENV PATH=/opt/pmm/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PMM_DATA=/data
WORKDIR /
VOLUME ["/data", "/tmp"]
USER 10001:10001
STOPSIGNAL SIGTERM

FROM runtime AS ledger
COPY --from=ledger-packages /opt/pmm /opt/pmm
EXPOSE 50051 50060
ENTRYPOINT ["python", "-m", "services.ledger"]

FROM runtime AS memory
COPY --from=memory-packages /opt/pmm /opt/pmm
EXPOSE 50052 50060
ENTRYPOINT ["python", "-m", "services.memory"]

FROM runtime AS inference
COPY --from=inference-packages /opt/pmm /opt/pmm
EXPOSE 50053 50060
ENTRYPOINT ["python", "-m", "services.inference"]

FROM runtime AS orchestrator
COPY --from=orchestrator-packages /opt/pmm /opt/pmm
EXPOSE 50050 50060
ENTRYPOINT ["python", "-m", "services.orchestrator"]

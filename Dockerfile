# docker run --rm --read-only -v "$PWD/runs:/runs:ro" lossscan batch .
FROM python:3.12-slim AS build
COPY . /src
RUN python -m venv --without-pip /venv && pip --python /venv/bin/python install --no-cache-dir /src

FROM python:3.12-slim
COPY --from=build /venv /venv
RUN useradd --system --uid 10001 lossscan
USER 10001
ENV LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
WORKDIR /runs
ENTRYPOINT ["/venv/bin/lossscan"]
CMD ["--help"]

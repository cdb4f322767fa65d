# Nearshore in a container: docker build -t nearshore .
# The steps are those of `make setup`, without the packages that only developers need.
FROM python:3.13-slim

ENV PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /nearshore
COPY . .
RUN python -m pip install --constraint constraints.txt .

# Results are written below /results; mount a folder of yours there.
RUN useradd --create-home visitor && mkdir /results && chown visitor /results
USER visitor
WORKDIR /results

ENTRYPOINT ["nearshore"]
CMD ["--help"]

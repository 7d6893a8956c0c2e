# hopcheck in a container: the program with the scenarios built in, and the certificate authorities that browsers know.
#
#   docker build --tag hopcheck .
#   docker run --rm --volume "$PWD:/site" hopcheck run --target https://shop.example.com
#
# Where no registry can be reached, image/build makes such an image of what the machine has.

FROM rust:1-slim-bookworm AS build
WORKDIR /hopcheck
COPY . .
RUN cargo build --release --locked --package hopcheck --config profile.release.strip=true

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /hopcheck/target/release/hopcheck /usr/local/bin/hopcheck

# Profiles, nginx.conf and reports: to be mounted here. Any `--user` will do; to write reports it must be the directory's owner.
WORKDIR /site
USER 65532:65532
ENTRYPOINT ["hopcheck"]

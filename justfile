# What one usually does here. `just` lists it; every recipe is plain cargo, for those without just.

_list:
    @just --list --unsorted

# The suite against each target, and all tests
test *ARGS:
    cargo test --locked {{ ARGS }}

# The scenarios whose name matches; options of `hopcheck run` may follow, as in: just scenario 'preflight' --target nginx
scenario REGEX *ARGS:
    cargo run --quiet -- run --name {{ quote(REGEX) }} {{ ARGS }}

# One configuration, as users do: just check nginx.conf --target nginx
check CONF *ARGS:
    cargo run --quiet -- run --conf {{ quote(CONF) }} {{ ARGS }}

# Formatting, Clippy and documentation, as CI has them
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings
    RUSTDOCFLAGS=-Dwarnings cargo doc --workspace --no-deps --locked

# The reference proxy beside nginx, in minutes; `just bench --write docs/trust` measures all of it into the page
bench *ARGS='--quick':
    cargo run --release -p bench -- {{ ARGS }}

# Regenerates the pages that are generated (the payloads take a container engine, the clients tests/clients/install)
docs:
    cargo build --package hopcheck
    cargo run --quiet -- steps > docs/extend/steps.md
    cargo run --quiet -- trace > docs/extend/traceability.md
    cargo run --quiet -- scenarios > docs/use/live.md
    cargo run --quiet -- schema > docs/hopcheck.schema.json
    HOPCHECK_WRITE_DOCS=1 cargo test --quiet -p reference-proxy --test config the_list_of_directives
    HOPCHECK_BLESS=1 cargo test --quiet --test explain kept
    HOPCHECK_BLESS=1 cargo test --quiet --test fix page
    HOPCHECK_BLESS=1 cargo test --quiet --test diff examples
    HOPCHECK_BLESS=1 HOPCHECK_REQUIRE_NGINX=1 cargo test --quiet --test differential what_can_be_read_in_two_ways
    HOPCHECK_BLESS=1 HOPCHECK_REQUIRE_CLIENTS=1 HOPCHECK_REQUIRE_NGINX=1 cargo test --quiet --test clients

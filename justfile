# Recipes for working on Baize. `./justw` runs them on a machine that has no `just`.

set shell := ["bash", "-euo", "pipefail", "-c"]

export PATH := justfile_directory() / ".tools/bin" + ":" + env("PATH")

# List the recipes
default:
    @just --list --unsorted

# Install whatever is missing on this machine for all recipes
setup: (_setup "compiler" "postgres" "mosquitto" "client" "browser")

# Run an evening in a hall at 60x with a live page, then check every bill (--keep leaves it running)
demo *args: (_setup "compiler" "postgres")
    cargo build --locked -p baize -p baize-simulators
    cargo run --locked --quiet -p baize -- demo {{ args }}

# Run all services on this machine, with their own servers, until Ctrl-C
run *args: (_setup "compiler" "postgres")
    cargo run --locked -p baize -- serve all {{ args }}

# Build everything
build: (_setup "compiler")
    cargo build --workspace --all-targets --locked

# Take the picture of the README anew, by the test that looks at the wall screen
pictures: setup
    cargo test --locked -p baize-journeys --test journeys the_wall_screen_of_a_busy_friday
    mkdir -p docs/pictures
    cp target/pictures/screen-zh-CN-dark.png docs/pictures/screen.png

# Write the JSON Schemas of the events, the AsyncAPI document and the page for analysts anew
schemas: (_setup "compiler" "postgres")
    cargo run --locked -p baize -- schemas --out schema
    BAIZE_WRITE_DOCS=1 cargo test --locked -p baize-projections --test it what_each_view_and_column_is

# Format the code
fmt: (_setup "compiler")
    cargo fmt --all

# Run every test: units, journeys on real servers, faults, the Python client
test *args: setup
    cargo test --workspace --locked {{ args }}

# Check formatting, clippy, spelling, the gRPC contract, licences and advisories
lint: (_setup "compiler") && deny
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings
    typos
    buf lint

# Check licences, banned crates and sources; advisories too when their database can be fetched
deny:
    cargo-deny --locked check --hide-inclusion-graph licenses bans sources
    tools/advisories

# Pay 20,000 times through both simulated providers, 30 % of the orders faulty, while command-api is killed 50 times; then hold the log against their books
soak *args: (_setup "compiler" "postgres")
    cargo build --locked -p baize -p baize-simulators
    cargo run --locked -p baize-journeys --bin baize-soak -- {{ args }}

# Measure, in one run on one private Postgres: prints a table and writes a JSON file
bench *args: (_setup "compiler" "postgres")
    cargo run --release --locked -p baize-bench -- {{ args }}

# What every change must pass: lint, test, and a short demo
ci: lint test
    just demo --hours 1

# Delete the data of the private servers in this checkout
clean-data:
    rm -rf .baize

_setup +parts:
    @tools/setup {{ parts }}

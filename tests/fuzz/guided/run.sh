#!/usr/bin/env bash
# A campaign by coverage: `run.sh TARGET SECONDS`. Begins with the seeds and the kept corpus, then
# keeps the least that covers what was covered in tests/fuzz/corpus/TARGET. Needs a C++ compiler.
set -euo pipefail
cd "$(dirname "$0")"
target=$1 seconds=$2
work=../../../target/guided/$target
mkdir -p "$work/new" "$work/seeds" "$work/merged" "$work/finds" "../corpus/$target"
export FUZZ_TARGET=$target RUST_BACKTRACE=0
export CARGO_TARGET_DIR=../../../target/guided/build
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=4"
# With a target of its own, so that build scripts are built without these flags.
host=$(rustc -vV | sed -n 's/^host: //p')
cargo build --release --quiet --target "$host"
guided=$CARGO_TARGET_DIR/$host/release/guided
FUZZ_SEEDS=$work/seeds "$guided" -runs=1 >/dev/null 2>&1
"$guided" "$work/new" "../corpus/$target" "$work/seeds" -max_total_time="$seconds" -max_len=4096 \
    -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$work/finds/" -print_final_stats=1 \
    2>&1 | tail -n 25
# What reaches something that the seeds do not, and nothing else, is the corpus.
rm -rf "$work/merged" && cp -r "$work/seeds" "$work/merged"
"$guided" -merge=1 -use_counters=0 "$work/merged" "../corpus/$target" "$work/new" 2>&1 | tail -n 1
# The smallest of it, so that it stays small.
rm -f "../corpus/$target"/*
find "$work/merged" -type f ! -name 'seed-*' -size -2k -printf '%s %p\n' | sort -n | head -n 100 |
    cut -d ' ' -f 2- | xargs -r cp -t "../corpus/$target"

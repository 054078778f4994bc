#!/usr/bin/env bash
# The gateway beside HAProxy (mode tcp, which passes the same bytes unread), in one run: arms in
# random order, medians, and ratios within the run, which are the figures to trust.
#
#   benches/side_by_side.sh [--rounds 5] [--seconds 3] [SCENARIO...]
#
# A scenario is TERMINALSxDEPTH, a closed loop, or TERMINALSxDEPTH@RATE, an open one with latency
# from the moment that a request was meant to be sent. The default is
# 50x1 100x1 1000x1 9000x1 50x1@5000. Load and acquirer are `isogate load` and `isogate host`.
# YARDSTICK=DIR takes others: a crate in DIR with the binaries `host ADDRESS` and `loadgen ADDRESS
# TERMINALS DEPTH SECONDS WARM RATE gw:PID`, which prints its figures as a line of JSON, and
# `message.bin`. The arms `signed` (MACs checked both ways) and `translated` (another dialect and
# other numbers behind the gateway) always run with isogate's own, beside a `plain` one.
#
# ISOGATE=FILE takes a binary that is there instead of building one; WORK=DIR says where journals
# are kept meanwhile, which is best a disk and no memory. Processes get CPU time until the gateway
# has been idle for half a second after a run: nothing is put off unseen.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=5 seconds=3 warm=0.7 scenarios=()
while [ $# -gt 0 ]; do
    case $1 in
        --rounds) rounds=$2; shift 2 ;;
        --seconds) seconds=$2; shift 2 ;;
        -*) sed -n '2,/^set/p' "$0" | sed '$d; s/^# \{0,1\}//'; exit 64 ;;
        *) scenarios+=("$1"); shift ;;
    esac
done
[ ${#scenarios[@]} -gt 0 ] || scenarios=(50x1 100x1 1000x1 9000x1 50x1@5000)
ulimit -n "$(ulimit -Hn)"

if [ -z "${ISOGATE:-}" ]; then
    cargo build --release --quiet --bin isogate
    ISOGATE=${CARGO_TARGET_DIR:-target}/release/isogate
fi
work=$(mktemp -d "${WORK:-${CARGO_TARGET_DIR:-target}}/side_by_side.XXXXXX")
if [ -n "${YARDSTICK:-}" ]; then
    yard=${YARDSTICK_TARGET:-$work/yardstick}
    cargo build --release --quiet --manifest-path "$YARDSTICK/Cargo.toml" --target-dir "$yard"
    export MESSAGE=$YARDSTICK/message.bin
fi

declare -A pid port
stop() {
    for one in "${pid[@]}"; do kill "$one" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap stop EXIT

start() { # NAME COMMAND...
    local name=$1
    shift
    "$@" >"$work/$name.log" 2>&1 &
    pid[$name]=$!
}

# The ports of this machine that nobody listens on, from 9100 on.
next_port=9100
free_port() {
    while (exec 3<>"/dev/tcp/127.0.0.1/$next_port") 2>/dev/null; do next_port=$((next_port + 1)); done
    free=$next_port
    next_port=$((next_port + 1))
}

# One master key for all terminals, for both ends and the gateway between them.
keys=$work/keys.toml
(umask 077 && echo 'default_tmk = "31313131313131313131313131313131"' >"$keys")

host() { # NAME SPEC
    free_port
    port[$1]=$free
    start "$1" "$ISOGATE" host --listen "127.0.0.1:$free" --spec "$2" --keys "$keys"
}

gateway() { # NAME DURABILITY HOST HOST_SPEC ROUTE [KEYS_LINE]
    free_port
    port[$1]=$free
    cat >"$work/$1.toml" <<END
[gateway]
${6:-}
[[listener]]
address = "127.0.0.1:$free"
spec = "cup-pos"
[[link]]
name = "host"
address = "127.0.0.1:${port[$3]}"
spec = "$4"
sign_on = false
[[route]]
to = ["host"]
reversal = { by = "terminal" }
$5
[limits]
in_flight = 100000
per_link = 100000
per_terminal = 1024
[admin]
address = "127.0.0.1:0"
[journal]
path = "$work/$1.journal"
durability = "$2"
END
    start "$1" "$ISOGATE" serve -c "$work/$1.toml" --log-level error
}

# Processes: acquirers, then what stands before them.
if [ -n "${YARDSTICK:-}" ]; then
    free_port
    port[host]=$free
    start host "$yard/release/host" "127.0.0.1:$free"
    host own-host cup-pos
else
    host host cup-pos
    port[own-host]=${port[host]}
fi
host ascii-host iso8583-1987-ascii
arms=(direct strict async)
port[direct]=${port[host]}
if command -v haproxy >/dev/null; then
    arms+=(haproxy)
    free_port
    port[haproxy]=$free
    cat >"$work/haproxy.cfg" <<END
global
  nbthread 1
  maxconn 9800
defaults
  mode tcp
  timeout connect 5s
  timeout client 300s
  timeout server 300s
listen p
  bind 127.0.0.1:$free
  server s 127.0.0.1:${port[host]}
END
    start haproxy haproxy -db -f "$work/haproxy.cfg"
else
    echo "haproxy is not installed: no ratios to it" >&2
fi
gateway strict strict host cup-pos ""
gateway async async host cup-pos ""
gateway plain strict own-host cup-pos ""
gateway signed strict own-host cup-pos "" 'keys = "keys.toml"'
gateway translated strict ascii-host iso8583-1987-ascii "rewrite_stan = true
[route.map]" 'keys = "keys.toml"'
sleep 2
for name in "${!pid[@]}"; do
    kill -0 "${pid[$name]}" 2>/dev/null || { cat "$work/$name.log" >&2; exit 2; }
done

# User and system time of a process so far, in microseconds.
times() { awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print int($12 * 1e6 / hz), int($13 * 1e6 / hz) }' "/proc/$1/stat"; }
number() { grep -o "\"$1\":[0-9.]*" <<<"$2" | head -1 | cut -d: -f2; }

# Waits until a process has used no time for half a second.
idle() {
    local before after
    for _ in $(seq 40); do
        before=$(times "$1"); sleep 0.5; after=$(times "$1")
        [ "$before" = "$after" ] && return
    done
}

own_load() { # ARM TERMINALS DEPTH RATE [OPTION...]
    local arm=$1 how=(--closed --in-flight "$3")
    [ "$4" = 0 ] || how=(--rate "$4" --in-flight 64)
    "$ISOGATE" load --to "127.0.0.1:${port[$arm]}" --terminals "$2" --duration "${seconds}s" \
        --keys "$keys" "${how[@]}" --json "${@:5}" 2>>"$work/load.log" || true
}

measure() { # SCENARIO ARM [OPTION...]
    local scenario=$1 arm=$2 load rate=0 line user=0 kernel=0 before after rss=0 answered
    shift 2
    load=${scenario%@*}
    [ "$load" = "$scenario" ] || rate=${scenario#*@}
    local gateway=${pid[$arm]:-}
    [ -z "$gateway" ] || before=$(times "$gateway")
    if [ -n "${YARDSTICK:-}" ] && [[ " direct strict async haproxy " == *" $arm "* ]]; then
        line=$("$yard/release/loadgen" "127.0.0.1:${port[$arm]}" "${load%x*}" "${load#*x}" \
            "$seconds" "$warm" "$rate" "" 2>>"$work/load.log" | tail -1 || true)
        answered=$(awk -v tps="$(number tps "$line")" -v s="$seconds" -v w="$warm" \
            'BEGIN { print tps * (s + w) }')
        bad=$(number bad "$line") p50=$(number p50_us "$line") p99=$(number p99_us "$line")
    else
        line=$(own_load "$arm" "${load%x*}" "${load#*x}" "$rate" "$@")
        # Each terminal has signed on, too.
        answered=$(($(number answered "$line") + $(number terminals "$line")))
        bad=$(awk -v a="$(number offered "$line")" -v b="$(number approved "$line")" 'BEGIN { print a - b }')
        p50=$(number p50 "$line") p99=$(number p99 "$line")
    fi
    if [ -n "$gateway" ]; then
        rss=$(awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$gateway/status")
        idle "$gateway"
        after=$(times "$gateway")
        read -r user kernel <<<"$(awk -v b="$before" -v a="$after" 'BEGIN {
            split(b, x); split(a, y); print y[1] - x[1], y[2] - x[2] }')"
    fi
    [ -n "$(number tps "$line")" ] || { echo "$scenario $arm: no figures: $line" >&2; return; }
    awk -v OFS='\t' -v user="$user" -v kernel="$kernel" -v n="$answered" \
        -v scenario="$scenario" -v arm="$arm" -v tps="$(number tps "$line")" \
        -v p50="$p50" -v p99="$p99" -v rss="$rss" -v bad="$bad" 'BEGIN {
            if (n < 1) n = 1
            print scenario, arm, tps, p50, p99, (user + kernel) / n, user / n, rss, bad }' \
        >>"$work/figures"
}

: >"$work/figures"
for round in $(seq "$rounds"); do
    for scenario in "${scenarios[@]}"; do
        for arm in $(shuf -e "${arms[@]}"); do
            echo "round $round: $scenario $arm" >&2
            measure "$scenario" "$arm"
        done
    done
    for arm in $(shuf -e plain signed translated); do
        echo "round $round: $arm" >&2
        measure 1000x1 "$arm"
    done
done

echo "isogate $(git rev-parse --short HEAD 2>/dev/null || "$ISOGATE" --version), $(date +%F)," \
    "$(nproc) cores of $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo)," \
    "Linux $(uname -r), $rounds rounds of ${seconds} s, medians," \
    "load and acquirer: $([ -n "${YARDSTICK:-}" ] && echo independent || echo "isogate's own")"
awk -F'\t' -v OFS='\t' '
function median(key,    n, i, j, t, values) {
    n = split(all[key], values, " ")
    for (i = 2; i <= n; i++) for (j = i; j > 1 && values[j - 1] + 0 > values[j] + 0; j--) {
        t = values[j]; values[j] = values[j - 1]; values[j - 1] = t
    }
    return n % 2 ? values[(n + 1) / 2] : (values[n / 2] + values[n / 2 + 1]) / 2
}
function of(scenario, arm, column) { return median(scenario SUBSEP arm SUBSEP column) }
function has(scenario, arm) { return (scenario SUBSEP arm) in seen }
function goal(name, is, wanted, met) {
    printf "| %s | %s | %s | %s |\n", name, is, wanted, met ? "met" : "missed"
}
{
    if (!(($1, $2) in seen)) { seen[$1, $2] = 1; if (!($1 in known)) { known[$1] = 1; order[++n] = $1 } }
    for (c = 3; c <= 9; c++) all[$1, $2, c] = all[$1, $2, c] " " $c
    bad[$1, $2] += $9
}
END {
    split("direct haproxy strict async plain signed translated", arms, " ")
    print "\n| scenario | arm | tx/s | p50 us | p99 us | CPU us/tx | of haproxy | RSS MB | bad |"
    print "|---|---|---:|---:|---:|---:|---:|---:|---:|"
    for (i = 1; i <= n; i++) for (a = 1; a <= 7; a++) {
        s = order[i]; arm = arms[a]
        if (!has(s, arm)) continue
        ratio = has(s, "haproxy") && arm != "direct" && a < 5 ? sprintf("%.2f", of(s, arm, 6) / of(s, "haproxy", 6)) : ""
        printf "| %s | %s | %.0f | %.0f | %.0f | %s | %s | %s | %d |\n", s, arm, of(s, arm, 3), of(s, arm, 4), \
            of(s, arm, 5), arm == "direct" ? "" : sprintf("%.1f", of(s, arm, 6)), ratio, \
            arm == "direct" ? "" : sprintf("%.0f", of(s, arm, 8)), bad[s, arm]
    }
    print "\n| goal | measured | wanted | |"
    print "|---|---|---|---|"
    if (has("1000x1", "haproxy") && has("1000x1", "strict")) {
        r = of("1000x1", "strict", 6) / of("1000x1", "haproxy", 6)
        t = of("1000x1", "strict", 3) / of("1000x1", "haproxy", 3)
        goal("strict, 1000x1: CPU of haproxy", sprintf("%.2f", r), "at most 0.90", r <= 0.9)
        goal("strict, 1000x1: tx/s of haproxy", sprintf("%.2f", t), "more than 1.00", t > 1)
    }
    if (has("50x1", "haproxy") && has("50x1", "strict")) {
        r = of("50x1", "strict", 6) / of("50x1", "haproxy", 6)
        goal("strict, 50x1: CPU of haproxy", sprintf("%.2f", r), "at most 2.20", r <= 2.2)
        r = of("50x1", "async", 6) / of("50x1", "haproxy", 6)
        goal("async, 50x1: CPU of haproxy", sprintf("%.2f", r), "at most 0.90", r <= 0.9)
        m = of("50x1", "strict", 8)
        goal("strict, 50x1: memory in MB", m, "below 40", m < 40)
    }
    s = "50x1@5000"
    if (has(s, "haproxy") && has(s, "async")) {
        base = of(s, "haproxy", 4) - of(s, "direct", 4)
        own = of(s, "async", 4) - of(s, "direct", 4)
        goal("async, 5,000 tx/s: p50 added, us", sprintf("%.0f", own), sprintf("at most %.0f, 1.2 of haproxy", 1.2 * base), own <= 1.2 * base)
    }
    if (has("9000x1", "strict") && has("100x1", "strict")) {
        r = of("9000x1", "strict", 6) / of("100x1", "strict", 6)
        goal("strict: CPU at 9000x1 of that at 100x1", sprintf("%.2f", r), "at most 1.50", r <= 1.5)
    }
    if (has("9000x1", "strict")) {
        m = of("9000x1", "strict", 8)
        goal("strict, 9000x1: memory in MB", m, "below 300", m < 300)
    }
    if (has("1000x1", "plain")) {
        for (a = 6; a <= 7; a++) if (has("1000x1", arms[a])) {
            r = of("1000x1", arms[a], 7) / of("1000x1", "plain", 7)
            goal(arms[a] ": own CPU of the plain route", sprintf("%.2f", r), "at most 1.60", r <= 1.6)
        }
    }
}' "$work/figures"

# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The KafClaw authors
#
# What the scripts beside this file share: an appliance with a home and a desired-state repository of
# its own, in a temporary folder, which is ended and removed with the script. To be sourced.
set -euo pipefail

script=${0##*/}
heading=
scratch=
appliance=

step() {
  heading=$*
  printf '\n== %s\n' "$*"
}

fail() {
  echo "$script: $*" >&2
  exit 1
}

# stop_appliance: ends the appliance in order; after a minute it is killed. Returns its exit code.
stop_appliance() {
  local pid=$appliance deadline=$((SECONDS + 60))
  appliance=
  kill -TERM "$pid" 2>/dev/null || return 1
  while kill -0 "$pid" 2>/dev/null; do
    if ((SECONDS >= deadline)); then kill -KILL "$pid" || true; fi
    sleep 0.1
  done
  wait "$pid"
}

clean_up() {
  local status=$?
  trap '' HUP INT PIPE TERM
  if ((status != 0)); then
    echo "$script: failed (exit code $status) in step: $heading" >&2
    if [[ -s $scratch/log ]]; then tail -n 20 "$scratch/log" >&2; fi
  fi
  if [[ -n $appliance ]]; then stop_appliance || true; fi
  cd /
  if [[ -n $scratch ]]; then rm -rf "$scratch"; fi
  exit "$status"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM

# free_port: a loopback port on which nobody answers, below those the kernel hands out itself.
free_port() {
  local port
  for _ in {1..100}; do
    port=$((20000 + RANDOM % 12000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "$port"
      return
    fi
  done
  return 1
}

# wait_for SECONDS COMMAND...: waits until the command succeeds.
wait_for() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    kill -0 "$appliance" 2>/dev/null || fail "the appliance has ended"
    ((SECONDS < deadline)) || fail "waited too long for: $*"
    sleep 0.2
  done
}

# prepare: the program, a user, an empty home. Everything else happens there.
prepare() {
  step "The program"
  if [[ -n ${KAFCLAW_PROGRAM-} ]]; then
    program=$(realpath -e -- "$KAFCLAW_PROGRAM") || fail "there is no $KAFCLAW_PROGRAM"
    echo "$program"
  else
    cd "$(dirname "${BASH_SOURCE[0]}")/.."
    command -v swift >/dev/null ||
      fail "swift is not in PATH; see https://www.swift.org/install/linux/"
    packaging/dependencies build
    echo "Building; the first time takes some minutes."
    # The toolchain's caches go into the build folder too: nothing else is to be left behind.
    XDG_CACHE_HOME=$PWD/.build/cache XDG_DATA_HOME=$PWD/.build/data \
      swift build --cache-path .build/cache --config-path .build/config \
      --security-path .build/security -c release --static-swift-stdlib --product kafclaw
    program=$PWD/.build/release/kafclaw
  fi
  command -v git >/dev/null || fail "git is not in PATH"

  scratch=$(mktemp -d)
  home=$scratch/home
  chmod 0755 "$scratch"
  install -m 0755 "$program" "$scratch/kafclaw"
  mkdir -m 0700 "$home"

  # Everything else runs as this user; the appliance ends with this script, however that ends.
  user=(setpriv --pdeathsig TERM)
  if ((EUID == 0)); then
    id=64321
    while getent passwd "$id" >/dev/null || getent group "$id" >/dev/null; do id=$((id + 1)); done
    chown "$id:$id" "$home"
    user+=(--reuid "$id" --regid "$id" --clear-groups)
    echo "Runs as user $id from here on."
  fi
  cd "$home"
  unset "${!KAFCLAW_@}" "${!GIT_@}"
  export HOME=$home KAFCLAW_HOME=$home GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
  "${user[@]}" test -x "$scratch/kafclaw" || fail "no access to $scratch; set TMPDIR"
}

kafclaw() { "${user[@]}" "$scratch/kafclaw" "$@"; }
git() {
  "${user[@]}" git -C claw-config -c user.name="$script" -c user.email="$script@example.org" "$@"
}

# show COMMAND...: prints a command and its output, which stays in $output. It must succeed.
show() {
  local status=0
  echo "\$ $*"
  output=$("$@" 2>&1) || status=$?
  if [[ -n $output ]]; then echo "$output"; fi
  ((status == 0)) || fail "exit code $status"
}

# expect TEXT: the last output contains it.
expect() { [[ $output == *"$1"* ]] || fail "expected in the output: $1"; }

# edit EXPRESSION: changes the desired state and makes sure that something changed.
edit() {
  "${user[@]}" sed -i -e "$1" claw-config/kafclaw.yaml
  ! git diff --quiet || fail "kafclaw.yaml is as it was after: $1"
}

# post SENDER: a message of a sender over HTTP; prints the status code, keeps the answer.
post() {
  curl --disable --silent --noproxy '*' --max-time 60 --header 'Content-Type: application/json' \
    --header @<(printf 'Authorization: Bearer %s\n' "$token") \
    --data "{\"sender\": \"$1\", \"message\": \"hello from $1\"}" \
    --output "$scratch/answer" --write-out '%{http_code}' "http://127.0.0.1:$port/chat"
}

# expect_post SENDER CODE
expect_post() {
  local code
  code=$(post "$1") || fail "POST /chat as $1 failed"
  echo "POST /chat as $1: $code $(<"$scratch/answer")"
  [[ $code == "$2" ]] || fail "expected $2"
}

is_healthy() { kafclaw status >/dev/null 2>&1; }
has_applied() { [[ $(kafclaw status --json) == *"\"applied\" : \"$1\""* ]]; }
pids() { kafclaw status --json | sed -n 's/.*"pid" : \([0-9]*\).*/\1/p'; }
has_history() { [[ $(kafclaw history) == *"$1"* ]]; }

# make_repository: a repository with ports of its own, and the declaration of where it is.
make_repository() {
  show kafclaw init claw-config
  git init --quiet --initial-branch main
  git add --all
  git commit --quiet --message "first desired state"
  port=$(free_port) || fail "no free port"
  dashboard=$port
  while [[ $dashboard == "$port" ]]; do dashboard=$(free_port) || fail "no free port"; done
  edit "s/^  port: 18790/  port: $port/"
  edit "s/^  dashboardPort: 18791/  dashboardPort: $dashboard/"
  edit "s/^  interval: 60s/  interval: 2s/"
  git commit --quiet --all --message "ports and interval of this host"
  "${user[@]}" mkdir -p .config/kafclaw
  "${user[@]}" tee .config/kafclaw/appliance.yaml <<END
version: 1
source:
  repository: $home/claw-config
  branch: main
  verify: none
END
}

# start: runs the appliance, with the variables that stand before it.
start() {
  echo "\$ kafclaw run &"
  "${user[@]}" "$scratch/kafclaw" run >>"$scratch/log" 2>&1 </dev/null &
  appliance=$!
}

# finish: ends the appliance in order, and leaves nothing.
finish() {
  local pid before
  before=$(pids)
  [[ -n $before ]] || fail "no component runs"
  stop_appliance || fail "the appliance did not stop in order"
  for pid in $before; do
    [[ ! -d /proc/$pid ]] || fail "process $pid is still there"
  done
  cd /
  rm -rf "$scratch"
  [[ ! -e $scratch ]] || fail "$scratch is still there"
  scratch=
  echo "Nothing is running, nothing is left."
}

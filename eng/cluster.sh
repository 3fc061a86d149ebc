#!/usr/bin/env bash
# PostgreSQL and RabbitMQ of the distribution's packages (postgresql, rabbitmq-server) in a folder of their own, for tests with several processes. No system service is touched.
#   eng/cluster.sh start DIR     starts both; their addresses are in DIR/database.url and DIR/queue.url
#   eng/cluster.sh broker DIR    starts the broker again after it was killed
#   eng/cluster.sh kill-broker DIR
#   eng/cluster.sh stop DIR      ends both
set -euo pipefail
[[ $# -eq 2 ]] || { sed -n '2,6p' "$0" >&2; exit 2; }
what=$1
mkdir -p "$2"
dir=$(cd -- "$2" && pwd)

# PostgreSQL refuses to run as root.
as_postgres() {
  if [[ $(id -u) -eq 0 ]]; then setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; else "$@"; fi
}
tool() {
  command -v "$1" 2>/dev/null || { ls -d /usr/lib/postgresql/*/bin/"$1" 2>/dev/null || true; } | sort -V | tail -n 1
}
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
alive() { [[ -f $1 ]] && kill -0 "$(<"$1")" 2>/dev/null; }

start_database() {
  local initdb postgres
  initdb=$(tool initdb) postgres=$(tool postgres)
  [[ -n $initdb && -n $postgres ]] || { echo "cluster: PostgreSQL is missing. Install the package postgresql." >&2; exit 3; }
  port=$(free_port)
  # Of its own folder, because DIR may be closed to the user that PostgreSQL runs as.
  data=$(mktemp -d "${TMPDIR:-/tmp}/fovea-postgres-XXXXXX")
  echo "$data" >"$dir/postgres.folder"
  [[ $(id -u) -ne 0 ]] || chown postgres "$data"
  (cd / && as_postgres "$initdb" -D "$data/data" -A trust -U fovea) >"$dir/initdb.log" 2>&1
  cd /
  as_postgres "$postgres" -D "$data/data" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories="$data" </dev/null >"$dir/postgres.log" 2>&1 &
  for _ in $(seq 100); do
    grep -q "ready to accept connections" "$dir/postgres.log" && break
    sleep 0.1
  done
  echo "postgres://fovea:none@127.0.0.1:$port/postgres" >"$dir/database.url"
}

start_broker() {
  [[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ]] || { echo "cluster: RabbitMQ is missing. Install the package rabbitmq-server." >&2; exit 3; }
  [[ -f $dir/broker.port ]] || { free_port >"$dir/broker.port"; free_port >"$dir/broker.dist"; free_port >"$dir/broker.epmd"; }
  port=$(<"$dir/broker.port")
  # Everything of this broker lies in the folder, its name server too.
  export HOME=$dir RABBITMQ_NODENAME=fovea@localhost RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT=$port RABBITMQ_DIST_PORT=$(<"$dir/broker.dist") ERL_EPMD_PORT=$(<"$dir/broker.epmd") ERL_EPMD_ADDRESS=127.0.0.1 \
    RABBITMQ_MNESIA_BASE=$dir/mnesia RABBITMQ_LOG_BASE=$dir/log RABBITMQ_ENABLED_PLUGINS_FILE=$dir/plugins RABBITMQ_CONF_ENV_FILE=/dev/null
  echo '[].' >"$dir/plugins"
  : >"$dir/broker.out"
  setsid /usr/lib/rabbitmq/bin/rabbitmq-server </dev/null >"$dir/broker.out" 2>&1 &
  echo $! >"$dir/broker.pid"
  for _ in $(seq 600); do
    grep -q "Starting broker... completed" "$dir/broker.out" && break
    alive "$dir/broker.pid" || { tail -n 20 "$dir/broker.out" >&2; exit 3; }
    sleep 0.1
  done
  echo "amqp://guest:guest@127.0.0.1:$port" >"$dir/queue.url"
}

kill_broker() {
  # Its whole session, at once.
  [[ ! -f $dir/broker.pid ]] || kill -KILL -- "-$(<"$dir/broker.pid")" 2>/dev/null || true
}

case $what in
  start) start_database; start_broker ;;
  broker) start_broker ;;
  kill-broker) kill_broker ;;
  stop)
    kill_broker
    if [[ -f $dir/postgres.folder && -f $(<"$dir/postgres.folder")/data/postmaster.pid ]]; then
      head -n 1 "$(<"$dir/postgres.folder")/data/postmaster.pid" >"$dir/postgres.pid"
      kill -QUIT "$(<"$dir/postgres.pid")" 2>/dev/null || true
      for _ in $(seq 50); do
        alive "$dir/postgres.pid" || break
        sleep 0.1
      done
    fi
    [[ ! -f $dir/postgres.folder ]] || rm -rf -- "$(<"$dir/postgres.folder")"
    # epmd of this folder's port ends with its last node's socket; it is ended by its address.
    [[ ! -f $dir/broker.epmd ]] || ERL_EPMD_PORT=$(<"$dir/broker.epmd") epmd -kill >/dev/null 2>&1 || true
    ;;
  *) sed -n '2,6p' "$0" >&2; exit 2 ;;
esac

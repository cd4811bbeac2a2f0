# Runs the commands of systemd/README.md on a copy of this machine that nobody else sees, with stand-ins for the two
# programs that need systemd as the first process. `systemctl` starts what the unit says, as the user that it says, and
# comes back when that has said READY=1, as systemd would.
# Usage: bash installed.sh FOLDER SCRIPT, in a mount namespace of its own; FOLDER takes logs and notices.
set -eEuo pipefail
folder=$1 script=$2
copy="$folder/machine"
mkdir -p "$copy"
mount -t tmpfs tmpfs "$copy"
mkdir "$copy/upper" "$copy/work" "$copy/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$copy/upper,workdir=$copy/work" "$copy/root"
for part in proc sys dev; do mount --rbind "/$part" "$copy/root/$part"; done
mkdir -p "$copy/root$folder/bin" "$copy/root$folder/log"
mount --bind "$folder/log" "$copy/root$folder/log"

cat > "$copy/root$folder/bin/systemctl" <<SHIM
#!/usr/bin/env bash
set -eEuo pipefail
log=$folder/log unit=/etc/systemd/system/printfarmd.service
SHIM
cat >> "$copy/root$folder/bin/systemctl" <<'SHIM'
echo "systemctl $*" >> "$log/calls"
said() { sed -n "s/^$1=//p" "$unit"; }
start() {
  rm -f "$log/notices" "$log/notify"
  socat -u UNIX-RECV:"$log/notify",mode=666 CREATE:"$log/notices" 2> /dev/null &
  echo $! > "$log/socat.pid"
  for _ in $(seq 100); do [ -S "$log/notify" ] && break; sleep 0.1; done
  (
    cd "$(said WorkingDirectory)"
    umask "$(said UMask)"
    exec runuser -u "$(said User)" -- env NOTIFY_SOCKET="$log/notify" bash -c "echo \$\$ > $log/pid; exec $(said ExecStart)"
  ) >> "$log/journal" 2>&1 &
  for _ in $(seq 300); do grep -qs READY=1 "$log/notices" && return; sleep 0.1; done
  cat "$log/journal"
  return 1
}
stop() {
  kill -TERM "$(cat "$log/pid")"
  for _ in $(seq 100); do kill -0 "$(cat "$log/pid")" 2> /dev/null || break; sleep 0.1; done
  kill "$(cat "$log/socat.pid")"
  cat "$log/notices" >> "$log/calls"
  echo >> "$log/calls"
}
case "$1 ${2:-}" in
  'daemon-reload ') [ ! -e "$unit" ] || systemd-analyze verify --man=no "$unit" ;;
  'enable --now') start ;;
  'restart printfarmd') stop; start ;;
  'disable --now') stop ;;
  'reload printfarmd') MAINPID=$(cat "$log/pid"); eval "$(said ExecReload)" ;;
  'kill --kill-who=main') kill -s "${3#--signal=SIG}" "$(cat "$log/pid")" ;;
  'status --no-pager') tr '\0' ' ' < "/proc/$(cat "$log/pid")/cmdline" ;;
  *) echo "no stand-in for systemctl $*" >&2; exit 1 ;;
esac
SHIM
cat > "$copy/root$folder/bin/journalctl" <<SHIM
#!/bin/sh
cat $folder/log/journal
SHIM
cat > "$copy/root$folder/bin/systemd-analyze" <<'SHIM'
#!/bin/sh
[ "$1" != security ] || exec /usr/bin/systemd-analyze security --no-pager --offline=true /etc/systemd/system/printfarmd.service
exec /usr/bin/systemd-analyze "$@"
SHIM
chmod 755 "$copy/root$folder/bin"/*
chmod 755 "$folder"
chmod 777 "$folder/log"
cp "$script" "$copy/root$folder/script.sh"
exec chroot "$copy/root" env PATH="$folder/bin:$PATH" bash "$folder/script.sh"

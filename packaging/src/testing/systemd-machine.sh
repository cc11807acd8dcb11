# Runs a machine in this script's own mount and process namespaces: NAME BASE DIRECTORY
set -eu
name=$1 base=$2 directory=$3

# Control groups of its own, in version 2 (alone) or in both hierarchies that systemd uses beside version 1.
for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
  if [ -e "$hierarchy/cgroup.procs" ]; then
    mkdir "$hierarchy/$name"
    echo 0 > "$hierarchy/$name/cgroup.procs"
  fi
done

mount -t tmpfs -o mode=755 tmpfs "$directory"
mkdir "$directory/upper" "$directory/work" "$directory/root"
mount -t overlay -o "lowerdir=$base,upperdir=$directory/upper,workdir=$directory/work" \
  overlay "$directory/root"
echo "$name" > "$directory/root/etc/hostname"

# nspawn ends with 133 where the machine wants to be started again.
while
  status=0
  systemd-nspawn --quiet --directory="$directory/root" --boot --register=no --keep-unit \
    --console=pipe --machine="$name" --network-veth --resolv-conf=off --timezone=off \
    --link-journal=no || status=$?
  [ "$status" = 133 ]
do :; done
exit "$status"

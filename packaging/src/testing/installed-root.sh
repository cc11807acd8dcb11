# Makes, in this script's own mount namespace, a root that only packages write to: DIRECTORY/packages, empty at first.
# DIRECTORY/root is the same on top of this machine, for what the packages' programs need of a distribution.
set -eu
directory=$1
mount -t tmpfs -o mode=755 tmpfs "$directory"
cd "$directory"
mkdir packages work root
mount -t overlay -o "lowerdir=/,upperdir=packages,workdir=work" overlay root
for shared in /proc /dev /sys /tmp; do
  mount --rbind "$shared" "root$shared"
done
echo ready
exec sleep infinity

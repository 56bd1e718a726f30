# Runs inside a sandbox of its own, after the worker's has ended: everything that touches the
# worker's checkout happens here, and all that leaves is one bundle, judged by the host.
# While the worker is at it (HALL_AT_WORK), nothing is written into the checkout.
#
# HALL_WORKSPACE  the worker's checkout           HALL_SESSION  a folder of ours: git/ is an empty
# HALL_BASE       where the run began             bare repository, out.bundle is what we make
# HALL_KNOWN      another commit the host has     HALL_BRANCH   the one branch
# HALL_OBJECTS    where objects are read from     HALL_MESSAGE  of a commit of what was left over
# HALL_HEAD       set: begin from this commit and take the files alone, whatever the worker's
#                 own repository says
# HALL_MOST       bytes of the largest file taken
# HALL_AT_WORK    set: the worker writes meanwhile, so its files are left exactly as they are
set -eu
umask 077
cd "$HALL_WORKSPACE"
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_ATTR_NOSYSTEM=1
export GIT_NO_REPLACE_OBJECTS=1 GIT_TERMINAL_PROMPT=0 GIT_ALLOW_PROTOCOL=
theirs=$HALL_WORKSPACE/.git
ours=$HALL_SESSION/git
branch=refs/heads/$HALL_BRANCH
printf '%s\n' "$HALL_OBJECTS" >"$ours/objects/info/alternates"

# The worker's repository is asked for two commits only; its settings may say what they like,
# since we are behind the wall.
asked() { GIT_DIR=$theirs timeout 10 git -c safe.directory='*' rev-parse --quiet --verify "$1^{commit}"; }
if [ -n "${HALL_HEAD:-}" ]; then
    head=$HALL_HEAD written=
    if [ -f "$HALL_SESSION/base/shallow" ]; then cp "$HALL_SESSION/base/shallow" "$ours/shallow"; fi
else
    head=$(asked HEAD) || { echo "the worker's repository has no HEAD" >&2; exit 3; }
    written=$(asked "$branch") || written=
fi

export GIT_DIR="$ours" GIT_WORK_TREE="$HALL_WORKSPACE" GIT_INDEX_FILE="$ours/index"
export GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
export GIT_CONFIG_KEY_1=core.checkStat GIT_CONFIG_VALUE_1=minimal
plain() { [ -f "$1" ] && [ ! -L "$1" ]; }

# A copy of the worker's index (of the same age, which git reckons with) spares reading every file
# again; without a usable one, begin anew.
if [ -z "${HALL_HEAD:-}" ] && plain "$theirs/index"; then cp -p "$theirs/index" "$ours/index"; fi
git ls-files >/dev/null 2>&1 || { rm -f "$ours/index"; git read-tree "$head"; }
mkdir -p "$ours/info"
if plain "$theirs/info/exclude"; then head -c 65536 "$theirs/info/exclude" >"$ours/info/exclude"; fi

# A repository within the repository would be taken as a bare pointer to it: its files are wanted.
# At work it is left out: whoever works may need it as it is.
: >"$ours/large"
if [ -n "${HALL_AT_WORK:-}" ]; then
    find . -mindepth 2 -name .git -prune -printf ':(top,exclude,literal)%h\0' 2>/dev/null |
        cut -z -b 1-22,25- >"$ours/large" || :
else
    find . -mindepth 2 -name .git -prune -exec rm -rf {} + 2>/dev/null || :
fi

# What is too large to take is named and left out.
find . -path ./.git -prune -o -type f -size "+${HALL_MOST}c" \
    -printf ':(top,exclude,literal)%P\0' >>"$ours/large" 2>/dev/null || :
tr '\0' '\n' <"$ours/large" | cut -c 23- | head -n 100 | head -c 16384 >"$HALL_SESSION/left-out"
printf ':(top)\0' >>"$ours/large"
add() { git add -A "$@" --pathspec-from-file="$ours/large" --pathspec-file-nul >/dev/null; }
writable() { [ -n "${HALL_AT_WORK:-}" ] || chmod -R u+rwX . 2>/dev/null || :; }
add 2>/dev/null || { writable; add --ignore-errors || :; }

tree=$(git write-tree)
tip=$head
if [ "$tree" != "$(git rev-parse "$head^{tree}")" ]; then
    tip=$(printf '%s\n' "$HALL_MESSAGE" | git commit-tree -p "$head" "$tree")
elif [ -n "$written" ] && git merge-base --is-ancestor "$head" "$written"; then
    # Everything is committed, and the worker looks at something older than what it wrote.
    tip=$written
fi
printf '%s\n' "$tip" >"$HALL_SESSION/tip"
if git merge-base --is-ancestor "$tip" "$HALL_BASE"; then exit 0; fi
git update-ref "$branch" "$tip"
git -c pack.threads=1 -c pack.windowMemory=64m -c core.bigFileThreshold=16m \
    bundle create --quiet --version=2 "$HALL_SESSION/out.bundle" "$branch" "^$HALL_BASE" "^$HALL_KNOWN"

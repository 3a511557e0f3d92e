#!/usr/bin/env bash
# The pipeline on simulated records, which `make demo` runs: in a copy of the project, so that params.yaml, dvc.lock and the
# outputs of other runs stay as they are. `dvc exp run --temp` would do so too, but needs git, and fails in a folder whose
# path has "#" or a letter beyond ASCII. Arguments are further choices, such as training.epochs=2.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD copy=.dvc/tmp/demo
export PYTHONUNBUFFERED=1 # tables of stages at their end, not at the end of all
export IDS_COMMAND=${IDS_COMMAND:-make demo} # what an interrupted stage says goes on

# DVC keeps the experiment as a commit, for which git wants an author: a fresh machine knows none, and the copy below not
# the one that is set for this project alone
name=$(git config user.name || echo demo) email=$(git config user.email || echo demo@localhost)
export GIT_AUTHOR_NAME=$name GIT_COMMITTER_NAME=$name GIT_AUTHOR_EMAIL=$email GIT_COMMITTER_EMAIL=$email

rm -rf $copy
trap 'rm -rf "$root/$copy"' EXIT
mkdir -p .dvc/tmp
commit=$([ ! -e .git ] || git rev-parse --quiet --verify HEAD || true)
if [ "$commit" ]; then
  git clone --quiet . $copy
  # changes that are not committed, whatever the configuration of git, and new files of code and config
  git diff --binary --no-ext-diff --no-color --src-prefix=a/ --dst-prefix=b/ HEAD | git -C $copy apply --allow-empty
  git ls-files -z --others --exclude-standard src conf | while IFS= read -r -d '' file; do
    mkdir -p "$copy/$(dirname "$file")"
    cp "$file" "$copy/$file"
  done
  cache=$(dvc cache dir)
else # a downloaded ZIP: DVC is given a repository of its own
  git init --quiet $copy
  git --git-dir=$copy/.git --work-tree=. add --all
  git -C $copy commit --quiet --message 'the project'
  git -C $copy reset --quiet --hard
  cache=$root/.dvc/cache
fi
mkdir -p "$cache"
ln -s "$cache" $copy/.dvc/cache

(
  cd $copy
  python -m src.train dataset=simulated "$@" --cfg job --resolve >params.yaml
  # DVC_ROOT: the project that the MLflow run is stored in
  DVC_ROOT=$root DVC_EXP_NAME=demo dvc repro --force | awk '
    /^To track the changes with git/ { hints = 1 }
    /^Updating lock file/ { blank = 1; next }
    hints || /^> / || (blank && /^$/) { blank = 0; next }
    { blank = 0; print; fflush() }' # neither the commands of the stages nor hints on files of the copy
  dvc exp save --quiet --force --name demo
)
echo
if [ "$commit" ]; then
  git fetch --quiet $copy '+refs/exps/*:refs/exps/*'
  echo "This was simulated data. Its run, with scores and pictures: make ui. The table of experiments: make experiments."
else
  echo "This was simulated data. Its run, with scores and pictures: make ui."
  echo "There is no table of experiments: DVC keeps them in git, and this folder is no git repository. To make it one:"
  echo "  git init && git add --all && git commit --message 'the project'"
fi
echo "The pipeline on the real data: make repro."

#!/bin/sh
# Installs Debian's chromium where there is no browser and it can; otherwise says what to do.
# Never fails by itself: without a browser its tests skip and say so, and in CI they fail.
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null 2>&1 && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing the package chromium for the browser tests ..."
  log=$(mktemp)
  if apt-get update >"$log" 2>&1 &&
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends chromium fonts-liberation >>"$log" 2>&1; then
    rm -f "$log"
    exit 0
  fi
  tail -n 5 "$log" >&2
  rm -f "$log"
fi
echo "No browser, so the browser tests skip: install the package chromium." >&2
exit 0

#!/bin/sh
# Installs Chromium through the system's package manager when no Chromium or Chrome is there; says so plainly when it cannot.
set -eu
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null 2>&1; then as_root="sudo -n"; else as_root="false"; fi
fi
echo "Chromium is missing; installing it with the system's package manager." >&2
if command -v apt-get >/dev/null 2>&1; then
    $as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq chromium >/dev/null && exit 0
elif command -v dnf >/dev/null 2>&1; then
    $as_root dnf install -y -q chromium && exit 0
elif command -v pacman >/dev/null 2>&1; then
    $as_root pacman -S --noconfirm --quiet chromium && exit 0
elif command -v brew >/dev/null 2>&1; then
    brew install --quiet --cask chromium && exit 0
fi
echo "Chromium could not be installed here. Install it yourself (Debian: apt-get install chromium) and run 'make test' again." >&2
exit 1

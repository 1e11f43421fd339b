#!/usr/bin/env bash
# Installs the system packages that Orquestra needs where they are missing: a Python with venv, a
# container engine with a program to build images, the registry, git for Git imports, and graphviz
# for drawings of workflows. It changes nothing else, asks for nothing where everything is there,
# and may be run again at any time.
set -euo pipefail

# With Docker Engine running, containers and builds are Docker's; the registry is still needed.
registry_packages=(docker-registry mmdebstrap gpg debian-archive-keyring)
sdk_packages=(git graphviz)
podman_packages=(
  podman buildah runc uidmap fuse-overlayfs slirp4netns iptables netavark aardvark-dns
)

main() {
  local wanted=("${registry_packages[@]}" "${sdk_packages[@]}")
  docker_answers || wanted+=("${podman_packages[@]}")
  "$(dirname "$0")/find-python.sh" > /dev/null 2>&1 || wanted+=(python3 python3-venv)

  if command -v dpkg-query > /dev/null && command -v apt-get > /dev/null; then
    install_by_apt "${wanted[@]}"
  else
    check_programs
  fi
}

docker_answers() {
  command -v docker > /dev/null && docker version > /dev/null 2>&1
}

install_by_apt() {
  local missing=()
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]})) || return 0
  local as_root=()
  if ((EUID != 0)); then
    if ! command -v sudo > /dev/null || { [[ ! -t 0 ]] && ! sudo -n true 2> /dev/null; }; then
      fail "System packages are missing and only root can install them. Run this, then repeat:" \
        "  sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}"
    fi
    as_root=(sudo)
  fi
  echo "Installing system packages: ${missing[*]}"
  "${as_root[@]}" apt-get update --quiet=2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --quiet=2 --yes --no-install-recommends "${missing[@]}" > /dev/null
  if [[ " ${missing[*]} " == *" docker-registry "* ]]; then
    stop_registry_service "${as_root[@]}"
  fi
}

missing_packages() {
  local package
  for package in "$@"; do
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2> /dev/null) == installed ]] \
      || echo "$package"
  done
}

# Debian starts the package's own service on port 5000, on all interfaces and without a password.
# The engine starts a registry of its own, on the loopback address.
stop_registry_service() {
  if [[ -d /run/systemd/system ]]; then
    "$@" systemctl disable --quiet --now docker-registry.service
  elif [[ -x /etc/init.d/docker-registry ]]; then
    "$@" /etc/init.d/docker-registry stop > /dev/null 2>&1 || true
    "$@" update-rc.d docker-registry disable
  fi
}

check_programs() {
  local missing=()
  docker_answers || command -v podman > /dev/null || missing+=("podman (or Docker)")
  docker_answers || command -v buildah > /dev/null || command -v podman > /dev/null \
    || missing+=("buildah (or podman, or Docker)")
  command -v docker-registry > /dev/null || command -v registry > /dev/null \
    || missing+=("docker-registry (CNCF Distribution)")
  command -v git > /dev/null || missing+=("git")
  command -v dot > /dev/null || missing+=("graphviz")
  "$(dirname "$0")/find-python.sh" > /dev/null 2>&1 || missing+=("Python 3.11 or newer")
  ((${#missing[@]})) || return 0
  fail "Missing here, and there is no apt to install them: $(printf '%s; ' "${missing[@]}")" \
    "  Fedora, RHEL:  sudo dnf install podman buildah python3 docker-distribution git graphviz" \
    "  Arch:          sudo pacman -S podman buildah python git graphviz" \
    "  openSUSE:      sudo zypper install podman buildah python311 distribution-registry git graphviz" \
    "  macOS:         install and start Docker Desktop; brew install python git graphviz" \
    "Where no package has the registry, name another one in the engine's configuration."
}

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

main

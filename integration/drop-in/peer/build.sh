#!/bin/sh
# Builds the Go collector that this program is compared with: $PEERS_DIR/bin/otelcol-dropin.
# Needs Go 1.26 and the module proxy; takes minutes.
set -eu
: "${PEERS_DIR:?where the binary goes, in bin/}"
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GOFLAGS="-mod=mod -buildvcs=false" GOWORK=off GOTOOLCHAIN=local CGO_ENABLED=0
cd "$work"
GOBIN=$work go install go.opentelemetry.io/collector/cmd/builder@v0.155.0
./builder --config "$here/manifest.yaml" --skip-strict-versioning --skip-get-modules --skip-compilation
cd otelcol-dropin
# The builder's own `go mod tidy` also wants the modules that only tests import.
{
  printf 'module peer/otelcol-dropin\n\ngo 1.25.0\n\nrequire (\n'
  printf '\tgo.opentelemetry.io/collector/otelcol v0.155.0\n'
  sed -n 's/^  - gomod: /\t/p' "$here/manifest.yaml"
  printf ')\n'
} >go.mod
mkdir -p "$PEERS_DIR/bin"
go build -trimpath -ldflags '-s -w' -o "$PEERS_DIR/bin/otelcol-dropin" .

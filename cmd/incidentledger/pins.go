//go:build pins

package main

import (
	_ "github.com/cloudevents/sdk-go/v2/event"
	_ "github.com/cockroachdb/pebble/v2"
	_ "github.com/danielgtaylor/huma/v2/adapters/humago"
	_ "github.com/go-json-experiment/json"
	_ "github.com/goccy/go-yaml"
	_ "github.com/gowebpki/jcs"
	_ "github.com/hanwen/go-fuse/v2/fuse"
	_ "github.com/minio/highwayhash"
	_ "github.com/nats-io/nats-server/v2/server"
	_ "github.com/nats-io/nats.go/jetstream"
	_ "github.com/nats-io/nats.go/micro"
	_ "github.com/rickar/cal/v2/nl"
	_ "github.com/rogpeppe/go-internal/testscript"
	_ "github.com/spf13/cobra/doc"
	_ "github.com/standard-webhooks/standard-webhooks/libraries/go"
	_ "github.com/vbauerster/mpb/v8"
	_ "golang.org/x/text/encoding/charmap"
	_ "golang.org/x/text/encoding/htmlindex"
	_ "golang.org/x/term"
	_ "pgregory.net/rapid"
)

// Command translate makes the recordings that the readers of Zipkin and Jaeger are tested with.
//
//	translate make DIR   writes batches in Jaeger's and Zipkin's binary formats, by their generated code
//	translate run DIR    writes, beside each input, what the Go collector's translators make of it
//
// Inputs are told apart by their endings: .zipkin2.json, .zipkin2.pb, .zipkin1.json,
// .zipkin1.thrift, .jaeger.pb (PostSpansRequest), .jaeger.thrift (Batch), .otlp.json.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/apache/thrift/lib/go/thrift"
	"github.com/jaegertracing/jaeger-idl/model/v1"
	"github.com/jaegertracing/jaeger-idl/proto-gen/api_v2"
	tjaeger "github.com/jaegertracing/jaeger-idl/thrift-gen/jaeger"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/translator/jaeger"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/translator/zipkin/zipkinv1"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/translator/zipkin/zipkinv2"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// outcome is what one translation came to.
type outcome struct {
	Traces json.RawMessage `json:"traces,omitempty"`
	Error  string          `json:"error,omitempty"`
}

func outcomeOf(td ptrace.Traces, err error) outcome {
	if err != nil {
		return outcome{Error: err.Error()}
	}
	text, err := (&ptrace.JSONMarshaler{}).MarshalTraces(td)
	if err != nil {
		return outcome{Error: err.Error()}
	}
	return outcome{Traces: text}
}

func readThriftBatch(data []byte) (ptrace.Traces, error) {
	batch := &tjaeger.Batch{}
	if err := thrift.NewTDeserializer().Read(context.Background(), batch, data); err != nil {
		return ptrace.Traces{}, err
	}
	return jaeger.ThriftToTraces(batch)
}

func readProtoBatch(data []byte) (ptrace.Traces, error) {
	request := &api_v2.PostSpansRequest{}
	if err := request.Unmarshal(data); err != nil {
		return ptrace.Traces{}, err
	}
	return jaeger.ProtoToTraces([]*model.Batch{&request.Batch})
}

func exported(data []byte) (any, error) {
	td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(data)
	if err != nil {
		return nil, err
	}
	text, err := zipkinv2.NewJSONTracesMarshaler().MarshalTraces(td)
	if err != nil {
		return map[string]string{"error": err.Error()}, nil
	}
	packed, err := zipkinv2.NewProtobufTracesMarshaler().MarshalTraces(td)
	if err != nil {
		return map[string]string{"error": err.Error()}, nil
	}
	return map[string]any{"json": json.RawMessage(text), "proto": packed}, nil
}

func expected(path string, data []byte) (any, error) {
	both := func(plain, parsed ptrace.Unmarshaler) any {
		return map[string]outcome{
			"plain":  outcomeOf(plain.UnmarshalTraces(data)),
			"parsed": outcomeOf(parsed.UnmarshalTraces(data)),
		}
	}
	switch {
	case strings.HasSuffix(path, ".zipkin2.json"):
		return both(zipkinv2.NewJSONTracesUnmarshaler(false), zipkinv2.NewJSONTracesUnmarshaler(true)), nil
	case strings.HasSuffix(path, ".zipkin2.pb"):
		return both(zipkinv2.NewProtobufTracesUnmarshaler(false, false), zipkinv2.NewProtobufTracesUnmarshaler(false, true)), nil
	case strings.HasSuffix(path, ".zipkin1.json"):
		return both(zipkinv1.NewJSONTracesUnmarshaler(false), zipkinv1.NewJSONTracesUnmarshaler(true)), nil
	case strings.HasSuffix(path, ".zipkin1.thrift"):
		return outcomeOf(zipkinv1.NewThriftTracesUnmarshaler().UnmarshalTraces(data)), nil
	case strings.HasSuffix(path, ".jaeger.pb"):
		return outcomeOf(readProtoBatch(data)), nil
	case strings.HasSuffix(path, ".jaeger.thrift"):
		return outcomeOf(readThriftBatch(data)), nil
	case strings.HasSuffix(path, ".otlp.json"):
		return exported(data)
	}
	return nil, nil
}

func run(dir string) error {
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		if strings.HasSuffix(path, ".expected.json") {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		got, err := expected(path, data)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if got == nil {
			continue
		}
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(got); err != nil {
			return err
		}
		if err := os.WriteFile(path+".expected.json", text.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: translate make|run DIR")
		os.Exit(2)
	}
	step := map[string]func(string) error{"make": makeInputs, "run": run}[os.Args[1]]
	if step == nil {
		fmt.Fprintln(os.Stderr, "usage: translate make|run DIR")
		os.Exit(2)
	}
	if err := step(os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

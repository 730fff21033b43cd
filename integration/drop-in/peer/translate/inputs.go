package main

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/apache/thrift/lib/go/thrift"
	"github.com/jaegertracing/jaeger-idl/model/v1"
	"github.com/jaegertracing/jaeger-idl/proto-gen/api_v2"
	"github.com/jaegertracing/jaeger-idl/thrift-gen/agent"
	tjaeger "github.com/jaegertracing/jaeger-idl/thrift-gen/jaeger"
	"github.com/jaegertracing/jaeger-idl/thrift-gen/zipkincore"
	converter "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/translator/zipkin/zipkinthriftconverter"
	"github.com/openzipkin/zipkin-go/proto/zipkin_proto3"
	"google.golang.org/protobuf/proto"
)

const baseMicros = int64(1_700_000_000_123_456)

func ptr[T any](value T) *T { return &value }

func text(key, value string) *tjaeger.Tag {
	return &tjaeger.Tag{Key: key, VType: tjaeger.TagType_STRING, VStr: &value}
}

func long(key string, value int64) *tjaeger.Tag {
	return &tjaeger.Tag{Key: key, VType: tjaeger.TagType_LONG, VLong: &value}
}

func double(key string, value float64) *tjaeger.Tag {
	return &tjaeger.Tag{Key: key, VType: tjaeger.TagType_DOUBLE, VDouble: &value}
}

func truth(key string, value bool) *tjaeger.Tag {
	return &tjaeger.Tag{Key: key, VType: tjaeger.TagType_BOOL, VBool: &value}
}

func binary(key string, value []byte) *tjaeger.Tag {
	return &tjaeger.Tag{Key: key, VType: tjaeger.TagType_BINARY, VBinary: value}
}

func kinds() []*tjaeger.Tag {
	return []*tjaeger.Tag{
		text("text", "value"), text("empty", ""), text("umlaut", "größe ☃ 😀"), long("long", 42),
		long("least", math.MinInt64), long("most", math.MaxInt64), double("double", 1.5),
		double("whole", 3), double("tiny", -5e-324), truth("yes", true), truth("no", false),
		binary("binary", []byte{0, 1, 254, 255}), {Key: "strange", VType: 9}, {Key: "absent", VType: 0},
	}
}

// statuses are the tags by which a span tells how it ended and what it is.
func statuses() [][]*tjaeger.Tag {
	return [][]*tjaeger.Tag{
		{truth("error", true)},
		{truth("error", false)},
		{text("error", "true")},
		{truth("error", true), text("otel.status_description", "why"), text("otel.status_code", "OK")},
		{truth("error", true), text("http.status_message", "Bad"), long("http.status_code", 200)},
		{text("otel.status_code", "OK")},
		{text("otel.status_code", "error"), text("otel.status_description", "broken")},
		{text("otel.status_code", "strange"), text("otel.status_description", "kept?")},
		{long("otel.status_code", 2)},
		{text("otel.status_description", "alone")},
		{long("http.status_code", 404), text("span.kind", "server"), text("http.status_message", "Nope")},
		{long("http.status_code", 404), text("span.kind", "client")},
		{long("http.status_code", 404)},
		{long("http.status_code", 399)}, {long("http.status_code", 398)}, {long("http.status_code", 99)},
		{text("http.status_code", "503"), text("http.status_message", "Away")},
		{text("http.status_code", "none")},
		{double("http.status_code", 500)},
		{long("http.response.status_code", 500)},
		{text("span.kind", "producer")}, {text("span.kind", "consumer")}, {text("span.kind", "internal")},
		{text("span.kind", "else")}, {long("span.kind", 1)},
		{text("w3c.tracestate", "a=b,c=d")},
		{text("otel.scope.name", "lib"), text("otel.scope.version", "1.2")},
		{text("otel.scope.name", "lib"), text("otel.scope.version", "1.2"), text("more", "x")},
		{text("otel.scope.version", "alone")},
		{text("otel.library.name", "old"), text("otel.library.version", "0.1")},
		{text("twice", "first"), text("between", "x"), text("twice", "last")},
		{text("twice", "first"), long("twice", 2)},
	}
}

func logs() []*tjaeger.Log {
	return []*tjaeger.Log{
		{Timestamp: baseMicros + 5, Fields: []*tjaeger.Tag{text("event", "named"), long("n", 1)}},
		{Timestamp: baseMicros + 6, Fields: []*tjaeger.Tag{text("message", "no name")}},
		{Timestamp: baseMicros + 7},
		{Timestamp: 0, Fields: []*tjaeger.Tag{long("event", 7)}},
	}
}

func thriftSpans() []*tjaeger.Span {
	span := func(id int64, name string) *tjaeger.Span {
		return &tjaeger.Span{
			TraceIdLow: 0x1122334455667788, TraceIdHigh: -2, SpanId: id, OperationName: name,
			StartTime: baseMicros + id, Duration: 1000 + id, Flags: 1,
		}
	}
	full := span(1, "full")
	full.Tags, full.Logs = kinds(), logs()
	child := span(2, "child of by id")
	child.ParentSpanId = 1
	ref := func(kind tjaeger.SpanRefType, low, high, id int64) *tjaeger.SpanRef {
		return &tjaeger.SpanRef{RefType: kind, TraceIdLow: low, TraceIdHigh: high, SpanId: id}
	}
	low, high := child.TraceIdLow, child.TraceIdHigh
	same := span(3, "same parent as reference")
	same.ParentSpanId = 1
	same.References = []*tjaeger.SpanRef{ref(tjaeger.SpanRefType_CHILD_OF, low, high, 1)}
	several := span(4, "several references")
	several.References = []*tjaeger.SpanRef{
		ref(tjaeger.SpanRefType_FOLLOWS_FROM, low, high, 2), ref(tjaeger.SpanRefType_CHILD_OF, low, 0, 3),
		ref(tjaeger.SpanRefType_CHILD_OF, low, high, 1), ref(tjaeger.SpanRefType_CHILD_OF, low, high, 2),
	}
	follows := span(5, "follows from")
	follows.References = []*tjaeger.SpanRef{ref(tjaeger.SpanRefType_FOLLOWS_FROM, low, high, 2)}
	far := span(6, "another trace")
	far.References = []*tjaeger.SpanRef{ref(tjaeger.SpanRefType_CHILD_OF, 77, 0, 2)}
	spans := []*tjaeger.Span{full, child, same, several, follows, far, {}, {OperationName: "no ids"}}
	for i, tags := range statuses() {
		one := span(int64(100+i), "status")
		one.Tags = tags
		spans = append(spans, one)
	}
	return spans
}

func thriftBatches() map[string]*tjaeger.Batch {
	return map[string]*tjaeger.Batch{
		"all": {Process: &tjaeger.Process{ServiceName: "shop", Tags: []*tjaeger.Tag{
			text("hostname", "box"), text("jaeger.version", "Go-2.30"), text("ip", "10.0.0.1"),
			long("pid", 7), truth("b", true), double("d", 0.5), binary("bin", []byte{1}),
		}}, Spans: thriftSpans()},
		"named-host": {Process: &tjaeger.Process{ServiceName: "", Tags: []*tjaeger.Tag{
			text("hostname", "box"), text("host.name", "real"), text("service.name", "by tag"),
			text("jaeger.version", "x"), text("opencensus.exporterversion", "y"),
		}}, Spans: thriftSpans()[:1]},
		"no-service": {Process: &tjaeger.Process{ServiceName: "OTLPResourceNoServiceName"}, Spans: thriftSpans()[1:2]},
		"empty":      {Process: &tjaeger.Process{ServiceName: "idle"}},
		"counted":    {Process: &tjaeger.Process{ServiceName: "s"}, Spans: thriftSpans()[1:3], SeqNo: ptr(int64(5)), Stats: &tjaeger.ClientStats{FullQueueDroppedSpans: 1, TooLargeDroppedSpans: 2, FailedToEmitSpans: 3}},
	}
}

func modelTags(tags []*tjaeger.Tag) []model.KeyValue {
	var out []model.KeyValue
	for _, t := range tags {
		kv := model.KeyValue{Key: t.Key}
		switch t.VType {
		case tjaeger.TagType_STRING:
			kv.VStr = t.GetVStr()
		case tjaeger.TagType_DOUBLE:
			kv.VType, kv.VFloat64 = model.ValueType_FLOAT64, t.GetVDouble()
		case tjaeger.TagType_BOOL:
			kv.VType, kv.VBool = model.ValueType_BOOL, t.GetVBool()
		case tjaeger.TagType_LONG:
			kv.VType, kv.VInt64 = model.ValueType_INT64, t.GetVLong()
		case tjaeger.TagType_BINARY:
			kv.VType, kv.VBinary = model.ValueType_BINARY, t.VBinary
		default:
			kv.VType = model.ValueType(t.VType)
		}
		out = append(out, kv)
	}
	return out
}

func modelSpans() []*model.Span {
	var out []*model.Span
	for _, s := range thriftSpans() {
		span := &model.Span{
			TraceID:       model.NewTraceID(uint64(s.TraceIdHigh), uint64(s.TraceIdLow)),
			SpanID:        model.NewSpanID(uint64(s.SpanId)),
			OperationName: s.OperationName,
			StartTime:     time.UnixMicro(s.StartTime).Add(789 * time.Nanosecond).UTC(),
			Duration:      time.Duration(s.Duration)*time.Microsecond + 12,
			Flags:         model.Flags(s.Flags),
			Tags:          modelTags(s.Tags),
			Warnings:      []string{"clock skew"},
		}
		if s.ParentSpanId != 0 {
			span.References = append(span.References, model.NewChildOfRef(span.TraceID, model.NewSpanID(uint64(s.ParentSpanId))))
		}
		for _, r := range s.References {
			span.References = append(span.References, model.SpanRef{
				TraceID: model.NewTraceID(uint64(r.TraceIdHigh), uint64(r.TraceIdLow)),
				SpanID:  model.NewSpanID(uint64(r.SpanId)), RefType: model.SpanRefType(r.RefType),
			})
		}
		for _, l := range s.Logs {
			span.Logs = append(span.Logs, model.Log{Timestamp: time.UnixMicro(l.Timestamp).UTC(), Fields: modelTags(l.Fields)})
		}
		out = append(out, span)
	}
	return out
}

func modelBatches() map[string]model.Batch {
	all := thriftBatches()["all"]
	process := &model.Process{ServiceName: all.Process.ServiceName, Tags: modelTags(all.Process.Tags)}
	own := modelSpans()[:4]
	other := &model.Process{ServiceName: "other", Tags: modelTags([]*tjaeger.Tag{text("hostname", "b2")})}
	own[1].Process, own[3].Process = other, other
	own[2].Process = process
	return map[string]model.Batch{
		"all":           {Process: process, Spans: modelSpans()},
		"own-processes": {Process: process, Spans: own},
		"no-process":    {Spans: modelSpans()[1:2]},
		"no-service":    {Process: &model.Process{ServiceName: "OTLPResourceNoServiceName"}, Spans: modelSpans()[1:2]},
		"blank-service": {Process: &model.Process{Tags: modelTags([]*tjaeger.Tag{text("a", "b")})}, Spans: modelSpans()[1:2]},
		"before-1970":   {Process: process, Spans: []*model.Span{{OperationName: "early", StartTime: time.Unix(0, 5), Duration: -5}}},
		"empty":         {Process: process},
	}
}

func zipkinEndpoint(name string, v4 int32, v6 []byte, port int16) *zipkincore.Endpoint {
	return &zipkincore.Endpoint{ServiceName: name, Ipv4: v4, Ipv6: v6, Port: port}
}

func zipkinThrift() map[string][]*zipkincore.Span {
	here := zipkinEndpoint("front", 0x7f000001, nil, 8080)
	there := zipkinEndpoint("back", 0x0a000002, []byte{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, -1)
	note := func(at int64, value string, host *zipkincore.Endpoint) *zipkincore.Annotation {
		return &zipkincore.Annotation{Timestamp: baseMicros + at, Value: value, Host: host}
	}
	pair := func(key string, kind zipkincore.AnnotationType, value []byte, host *zipkincore.Endpoint) *zipkincore.BinaryAnnotation {
		return &zipkincore.BinaryAnnotation{Key: key, Value: value, AnnotationType: kind, Host: host}
	}
	named := func(key, value string) *zipkincore.BinaryAnnotation {
		return pair(key, zipkincore.AnnotationType_STRING, []byte(value), nil)
	}
	client := &zipkincore.Span{
		TraceID: 11, TraceIDHigh: ptr(int64(12)), ID: 13, ParentID: ptr(int64(14)), Name: "get", Debug: true,
		Timestamp: ptr(baseMicros), Duration: ptr(int64(2500)),
		Annotations: []*zipkincore.Annotation{note(0, "cs", here), note(2500, "cr", here), note(100, "custom", here)},
		BinaryAnnotations: []*zipkincore.BinaryAnnotation{
			pair("sa", zipkincore.AnnotationType_BOOL, []byte{1}, there),
			pair("no", zipkincore.AnnotationType_BOOL, []byte{0}, here),
			pair("bytes", zipkincore.AnnotationType_BYTES, []byte{0, 255, 1}, here),
			pair("i16", zipkincore.AnnotationType_I16, []byte{0xff, 0xfe}, here),
			pair("i32", zipkincore.AnnotationType_I32, []byte{0x80, 0, 0, 1}, here),
			pair("i64", zipkincore.AnnotationType_I64, []byte{0x80, 0, 0, 0, 0, 0, 0, 1}, here),
			pair("short", zipkincore.AnnotationType_I64, []byte{1}, here),
			pair("double", zipkincore.AnnotationType_DOUBLE, []byte{0x3f, 0xf8, 0, 0, 0, 0, 0, 0}, here),
			pair("text", zipkincore.AnnotationType_STRING, []byte("größe"), here),
			pair("strange", 42, []byte("x"), here),
			named("http.status_code", "404"),
		},
	}
	times := &zipkincore.Span{TraceID: 21, ID: 22, Name: "by annotations",
		Annotations: []*zipkincore.Annotation{note(10, "sr", here), note(90, "ss", here), note(5, "early", nil), note(50, "", nil)}}
	local := &zipkincore.Span{TraceID: 31, ID: 32, Name: "local", Timestamp: ptr(baseMicros),
		BinaryAnnotations: []*zipkincore.BinaryAnnotation{named("lc", "worker")}}
	hosted := &zipkincore.Span{TraceID: 41, ID: 42, Name: "hosted", Timestamp: ptr(baseMicros), Duration: ptr(int64(1)),
		BinaryAnnotations: []*zipkincore.BinaryAnnotation{pair("lc", zipkincore.AnnotationType_STRING, []byte("c"), there)}}
	timeless := &zipkincore.Span{TraceID: 51, ID: 52, Name: "timeless"}
	var statuses []*zipkincore.Span
	for i, pairs := range [][]*zipkincore.BinaryAnnotation{
		{named("error", "true")}, {named("error", "")}, {named("error", "boom"), named("otel.status_description", "d")},
		{named("census.status_code", "0"), named("census.status_description", "fine")},
		{named("census.status_code", "5"), named("opencensus.status_description", "gone")},
		{named("otel.status_code", "2"), named("otel.status_description", "bad")},
		{named("otel.status_code", "Error")}, {named("otel.status_code", "99999999999")},
		{pair("otel.status_code", zipkincore.AnnotationType_I32, []byte{0, 0, 0, 1}, nil)},
		{named("http.status_code", "500"), named("http.status_message", "oops")},
		{named("http.status_code", "399")}, {named("http.status_code", "400")}, {named("http.response.status_code", "502")},
		{named("error", "x"), named("http.status_code", "200"), named("census.status_description", "c")},
		{named("k", "1"), named("k", "2")},
	} {
		statuses = append(statuses, &zipkincore.Span{TraceID: 61, ID: int64(100 + i), Name: "status",
			Timestamp: ptr(baseMicros), Duration: ptr(int64(7)), BinaryAnnotations: pairs})
	}
	kinds := []*zipkincore.Span{}
	for i, value := range []string{"cs", "cr", "sr", "ss", "ms", "mr", "ws"} {
		kinds = append(kinds, &zipkincore.Span{TraceID: 71, ID: int64(200 + i), Name: value,
			Annotations: []*zipkincore.Annotation{note(int64(i), value, there)}})
	}
	return map[string][]*zipkincore.Span{
		"all":      {client, times, local, hosted, timeless},
		"statuses": statuses,
		"kinds":    kinds,
		"empty":    {},
	}
}

func zipkinProto() *zipkin_proto3.ListOfSpans {
	trace := []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	micros := uint64(baseMicros)
	here := &zipkin_proto3.Endpoint{ServiceName: "front", Ipv4: []byte{127, 0, 0, 1}, Port: 8080}
	there := &zipkin_proto3.Endpoint{ServiceName: "back", Ipv6: []byte{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, Port: 65535}
	return &zipkin_proto3.ListOfSpans{Spans: []*zipkin_proto3.Span{
		{TraceId: trace, Id: []byte{0, 0, 0, 0, 0, 0, 0, 1}, Name: "get /", Kind: zipkin_proto3.Span_CLIENT, Timestamp: micros, Duration: 150,
			LocalEndpoint: here, RemoteEndpoint: there, Debug: true,
			Annotations: []*zipkin_proto3.Annotation{{Timestamp: micros + 3, Value: "ws"}, {Timestamp: micros + 4, Value: `ev|{"a":1,"b":"x|y"}|2`}},
			Tags:        map[string]string{"http.path": "/api", "error": "", "n": "17", "f": "1.5", "b": "true"}},
		{TraceId: trace, Id: []byte{0, 0, 0, 0, 0, 0, 0, 2}, ParentId: []byte{0, 0, 0, 0, 0, 0, 0, 1}, Kind: zipkin_proto3.Span_SERVER, Shared: true, LocalEndpoint: there},
		{TraceId: trace, Id: []byte{0, 0, 0, 0, 0, 0, 0, 3}, ParentId: []byte{0, 0, 0, 0, 0, 0, 0, 3}, Kind: zipkin_proto3.Span_PRODUCER, Timestamp: micros},
		{TraceId: trace, Id: []byte{0, 0, 0, 0, 0, 0, 0, 4}, Kind: zipkin_proto3.Span_CONSUMER, Timestamp: micros, RemoteEndpoint: &zipkin_proto3.Endpoint{Port: 5}},
	}}
}

func makeInputs(dir string) error {
	ctx := context.Background()
	save := func(name string, data []byte) error { return os.WriteFile(filepath.Join(dir, name), data, 0o644) }
	for name, batch := range thriftBatches() {
		plain := thrift.NewTSerializer()
		plain.Protocol = thrift.NewTBinaryProtocolConf(plain.Transport, nil)
		data, err := plain.Write(ctx, batch)
		if err != nil {
			return err
		}
		if err = save(name+".jaeger.thrift", data); err != nil {
			return err
		}
		for kind, factory := range map[string]thrift.TProtocolFactory{
			"compact": thrift.NewTCompactProtocolFactoryConf(nil), "binary": thrift.NewTBinaryProtocolFactoryConf(nil),
		} {
			memory := thrift.NewTMemoryBuffer()
			client := agent.NewAgentClientFactory(memory, factory)
			if err = client.EmitBatch(ctx, batch); err != nil {
				return err
			}
			if err = save(name+".emit-"+kind, memory.Bytes()); err != nil {
				return err
			}
		}
	}
	for name, batch := range modelBatches() {
		data, err := (&api_v2.PostSpansRequest{Batch: batch}).Marshal()
		if err != nil {
			return err
		}
		if err = save(name+".jaeger.pb", data); err != nil {
			return err
		}
	}
	for name, spans := range zipkinThrift() {
		data, err := converter.SerializeThrift(ctx, spans)
		if err != nil {
			return err
		}
		if err = save(name+".zipkin1.thrift", data); err != nil {
			return err
		}
	}
	data, err := proto.Marshal(zipkinProto())
	if err != nil {
		return err
	}
	return save("all.zipkin2.pb", data)
}

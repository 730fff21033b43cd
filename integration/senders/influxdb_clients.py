"""Writes points with InfluxDB's Python clients and prints what was written, one JSON line a point.

influxdb_clients.py v1|v2 HOST PORT COUNT
"""
import json
import sys

which, host, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])

points = [
    {
        "measurement": "room, " + which,
        "tags": {"id": str(i), "odd tag": "a=b, c"},
        "time": 1_700_000_000_000_000_000 + i * 1_001,
        "fields": {"t": i / 7, "n": i - 5, "on": i % 2 == 0, "text": 'say "%d"' % i},
    }
    for i in range(count)
]

if which == "v1":
    from influxdb import InfluxDBClient

    client = InfluxDBClient(host, port, "user", "secret", "home")
    assert client.ping().startswith("1.8"), client.ping()
    client.create_database("home")
    assert client.write_points(points, batch_size=250)
else:
    from influxdb_client import InfluxDBClient
    from influxdb_client.client.write_api import SYNCHRONOUS

    with InfluxDBClient(url=f"http://{host}:{port}", token="t", org="o", enable_gzip=True) as client:
        assert client.ping()
        writer = client.write_api(write_options=SYNCHRONOUS)
        for start in range(0, count, 250):
            writer.write(bucket="b", record=points[start : start + 250])

for point in points:
    print(json.dumps(point))

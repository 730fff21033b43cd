"""Sends 1,200 series by the Python client prometheus-remote-writer: argument 1 is the URL."""

import sys

from prometheus_remote_writer import RemoteWriter

writer = RemoteWriter(url=sys.argv[1], sort_labels=True, max_series_per_request=500)
writer.send(
    [
        {
            "metric": {"__name__": "python_value", "job": "py", "i": str(i)},
            "values": [i * 0.5, i * 0.5 + 1],
            "timestamps": [1_700_000_000_000, 1_700_000_015_000],
        }
        for i in range(1200)
    ]
)

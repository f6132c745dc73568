"""The text that Prometheus reads: histograms add up, labels are closed."""

import re

from duologue.interfaces.api.metrics import BUCKETS_S, Metrics


def test_the_text_form() -> None:
    metrics = Metrics()
    for seconds in (0.001, 0.02, 0.02, 3.0, 60.0):
        metrics.count_request("GET", "/x", 200, seconds)
    metrics.count_request("GET", "/stream", 200, None)
    text = metrics.render()
    assert 'duologue_http_requests_total{method="GET",route="/x",status="200"} 5' in text
    counts = [int(n) for n in re.findall(r'bucket{route="/x",le="[^"]+"} (\d+)', text)]
    assert counts == sorted(counts)
    assert len(counts) == len(BUCKETS_S) + 1
    assert (counts[0], counts[-1]) == (1, 5)
    assert 'le="+Inf"} 5' in text
    assert 'seconds_count{route="/stream"}' not in text
    assert all(re.fullmatch(r"# (HELP|TYPE) .+|[a-z_]+(\{[^}]*\})? [0-9.e+-]+", line) for line in text.splitlines())

"""Sends spans to an OpenTelemetry collector where the environment names one; else nothing is set up and spans cost nothing.

Knows OpenTelemetry's own environment variables; nothing of what is traced. Source: https://opentelemetry.io/docs/specs/otel/protocol/exporter/.
"""

from collections.abc import Callable, Mapping

from opentelemetry import trace

from duologue import __version__
from duologue.kit.errors import SetupError

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


def set_up_tracing(environment: Mapping[str, str]) -> Callable[[], None]:
    """Begin to send spans; what is returned sends the last ones and ends it. Raises SetupError where the SDK is not installed."""
    is_off = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    if is_off or not any(environment.get(name) for name in ENDPOINTS):
        return lambda: None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise SetupError(f"{ENDPOINTS[1]} names a collector, but its SDK is missing: pip install 'duologue[telemetry]'.") from error
    name = environment.get("OTEL_SERVICE_NAME") or "duologue"
    provider = TracerProvider(resource=Resource.create({"service.name": name, "service.version": __version__}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return provider.shutdown

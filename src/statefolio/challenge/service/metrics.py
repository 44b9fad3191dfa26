"""The service's own measurements, in Prometheus' format."""

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import Scope

from statefolio.challenge.store.figures import Figures

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 35.0)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The measurements of one process. Figures of the queue come from the database at the time they are asked for."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self.requests = Counter("statefolio_requests", "Requests answered.", labels, registry=self.registry)
        self.seconds = Histogram(
            "statefolio_request_seconds",
            "Seconds from a request's first byte to its answer.",
            ("method", "route"),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.states = self._gauge("submissions", "Submissions stored, by state.", ("state",))
        self.scores = self._gauge("scores", "Scores stored, of every engine version and window.")
        self.depth = self._gauge("queue_depth", "Submissions that wait for a scorer.")
        self.oldest = self._gauge("queue_oldest_seconds", "Age of the oldest submission without a result.")
        self.scorers = self._gauge("scorers_alive", "Scorers whose heartbeat is recent.")

    def observe(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one request under its route's template; addresses without a route share one label."""
        route = getattr(scope.get("route"), "path", "none")
        method = scope["method"] if scope["method"] in ("GET", "POST") else "other"
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(method, route).observe(seconds)

    def text(self, figures: Figures, scores: int, now: datetime) -> bytes:
        """Return all measurements as Prometheus reads them."""
        for state in ("queued", "running", "scored", "failed"):
            self.states.labels(state).set(getattr(figures, state))
        self.scores.set(scores)
        self.depth.set(figures.queued)
        self.oldest.set(0.0 if figures.oldest is None else max(0.0, (now - figures.oldest).total_seconds()))
        self.scorers.set(figures.alive(now))
        return generate_latest(self.registry)

    def _gauge(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
        return Gauge(f"statefolio_{name}", text, labels, registry=self.registry)

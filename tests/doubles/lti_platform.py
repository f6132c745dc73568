"""A small learning platform on loopback, written from the LTI 1.3 standard and not from our tool: key set, token, gradebook.

What the tool sends is checked as a platform would: the client assertion with the tool's published keys, scopes, scores.
"""

import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from jwt.algorithms import RSAAlgorithm

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/"
LEARNER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"
TEACHER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"


@dataclass
class LearningPlatform:
    """`scores` are what the gradebook holds: (line item, body). `tool_keys`: where the tool's key set is fetched, as a function."""

    url: str = ""
    client_id: str = "client-1"
    deployment_id: str = "dep-1"
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    kid: str = "k1"
    scores: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    items: list[dict[str, Any]] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    assertions: set[str] = field(default_factory=set)
    tool_keys: dict[str, Any] = field(default_factory=dict)
    is_down: bool = False
    key_fetches: int = 0

    def sign(self, claims: dict[str, Any], *, key: Any = None, kid: str = "", algorithm: str = "RS256") -> str:
        """A token as the platform signs it."""
        return jwt.encode(claims, key or self.key, algorithm=algorithm, headers={"kid": kid or self.kid})

    def claims(
        self, nonce: str, *, sub: str = "u1", role: str = LEARNER, homework: str = "", link: str = "link-1", **more: Any
    ) -> dict[str, Any]:
        """The claims of a launch of a resource link."""
        now = int(time.time())
        return {
            "iss": self.url,
            "aud": self.client_id,
            "sub": sub,
            "exp": now + 300,
            "iat": now,
            "nonce": nonce,
            "name": f"Name {sub}",
            f"{CLAIM}message_type": "LtiResourceLinkRequest",
            f"{CLAIM}version": "1.3.0",
            f"{CLAIM}deployment_id": self.deployment_id,
            f"{CLAIM}target_link_uri": "https://duologue.test/lti/launch",
            f"{CLAIM}roles": [role],
            f"{CLAIM}resource_link": {"id": link, "title": "Week 1"},
            f"{CLAIM}context": {"id": "course-1", "label": "M7"},
            f"{CLAIM}custom": {"homework": homework},
            f"{AGS}claim/endpoint": {
                "scope": [f"{AGS}scope/score", f"{AGS}scope/lineitem"],
                "lineitems": f"{self.url}/items?course=1",
            },
        } | more

    def app(self) -> FastAPI:
        """Its addresses."""
        app = FastAPI()

        @app.get("/keys")
        async def keys() -> Any:
            self.key_fetches += 1
            public = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
            return {"keys": [public | {"kid": self.kid, "alg": "RS256", "use": "sig"}]}

        @app.post("/token")
        async def token(request: Request) -> Any:
            if self.is_down:
                return JSONResponse({"error": "server_error"}, 503)
            form = dict(await request.form())
            assert form["grant_type"] == "client_credentials"
            assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            assertion = str(form["client_assertion"])
            known = {k["kid"]: RSAAlgorithm.from_jwk(k) for k in self.tool_keys["keys"]}
            key: Any = known[jwt.get_unverified_header(assertion)["kid"]]
            claims = jwt.decode(assertion, key, algorithms=["RS256"], audience=f"{self.url}/token", leeway=3600)
            assert claims["iss"] == claims["sub"] == self.client_id
            assert claims["jti"] not in self.assertions, "an assertion is used once"
            self.assertions.add(claims["jti"])
            given = uuid.uuid4().hex
            self.tokens[given] = str(form["scope"])
            return {"access_token": given, "token_type": "bearer", "expires_in": 3600, "scope": form["scope"]}

        def check(request: Request, scope: str) -> None:
            scheme, _, given = request.headers["authorization"].partition(" ")
            assert scheme.lower() == "bearer"
            assert scope in self.tokens[given].split()

        @app.post("/items")
        async def add_item(request: Request) -> Any:
            check(request, f"{AGS}scope/lineitem")
            assert request.headers["content-type"] == "application/vnd.ims.lis.v2.lineitem+json"
            body = await request.json()
            assert body["scoreMaximum"] > 0
            assert body["label"]
            self.items.append(body | {"id": f"{self.url}/items/{len(self.items) + 1}?course=1"})
            return self.items[-1]

        @app.post("/items/{item}/scores")
        async def add_score(item: str, request: Request, course: str = "") -> Any:
            check(request, f"{AGS}scope/score")
            assert course == "1", "the query of the line item stays"
            assert request.headers["content-type"] == "application/vnd.ims.lis.v1.score+json"
            body = await request.json()
            assert body.keys() <= {
                "userId",
                "scoreGiven",
                "scoreMaximum",
                "comment",
                "timestamp",
                "activityProgress",
                "gradingProgress",
            }
            assert 0 <= body["scoreGiven"] <= body["scoreMaximum"]
            assert body["activityProgress"] in ("Initialized", "Started", "InProgress", "Submitted", "Completed")
            assert body["gradingProgress"] in ("NotReady", "Failed", "Pending", "PendingManual", "FullyGraded")
            self.scores.append((item, body))
            return {}

        return app


def public_pem(key: rsa.RSAPrivateKey) -> bytes:
    """The public half, as an attacker would use it for a shared secret."""
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


@contextmanager
def serve_platform() -> Iterator[LearningPlatform]:
    """A platform on a free loopback port, in a thread of its own."""
    platform = LearningPlatform()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(platform.app(), log_level="warning", lifespan="off", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    platform.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        yield platform
    finally:
        server.should_exit = True
        thread.join(5)
        listener.close()

"""What a t.me or tg: link means to a Telegram client."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit


def read_link(url: str) -> dict[str, str]:
    """The parts of a t.me or tg: link that mean something; empty for any other address."""
    parts = urlsplit(url if "://" in url or url.startswith("tg:") else "https://" + url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if parts.scheme == "tg":
        what = (parts.netloc or parts.path).strip("/")
        return (
            query if what in ("resolve", "msg_url") else {"invoice": query.get("slug", "")} if what == "invoice" else {}
        )
    if (parts.hostname or "").removeprefix("www.") not in ("t.me", "telegram.me", "telegram.dog"):
        return {}
    head, _, rest = parts.path.strip("/").partition("/")
    if head.startswith("$"):
        return {"invoice": head[1:]}
    if head == "invoice":
        return {"invoice": rest}
    if head == "share":
        return {"text": f"{query.get('text', '')} {query.get('url', '')}".strip()}
    return {**query, "domain": head, "path": rest}
